import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TestWorld } from './test-world.ts'

test('a process that goes on gets its timers before its input', () => {
  const world = new TestWorld(1)
  const host = world.host('server1')
  const seen: string[] = []
  host.after(10, 'input', 'reads', () => seen.push('input'))
  host.after(20, 'timer', 'ticks', () => {
    seen.push('timer')
    host.after(0, 'input', 'acts', () => seen.push('behind the input'))
  })
  host.pause()
  world.runAll()
  assert.deepEqual(seen, [])
  host.resume()
  world.runAll()
  assert.deepEqual(seen, ['timer', 'input', 'behind the input'])
})

test('nothing that arrives when a process goes on overtakes what was held', () => {
  const world = new TestWorld(1)
  const host = world.host('server1')
  const seen: string[] = []
  host.pause()
  host.gate('input', 'reads', () => seen.push('first'))
  world.scheduler.after(10, 'test', 'goes on', () => host.resume())
  host.after(10, 'input', 'reads', () => seen.push('second'))
  world.runAll()
  assert.deepEqual(seen, ['first', 'second'])
})

test('what was meant for a process that ended reaches no later one', () => {
  const world = new TestWorld(1)
  const host = world.host('server1')
  host.after(10, 'timer', 'ticks', () => assert.fail('its process is gone'))
  host.endProcess(false)
  world.runAll()
})

test('what a timer starts comes at once, or behind the input that was held', () => {
  const world = new TestWorld(1)
  const host = world.host('server1')
  const seen: string[] = []
  const tick = (): void => {
    host.behindInput('ticks', () => seen.push('tick'))
    seen.push('timer')
  }
  host.after(10, 'timer', 'ticks', tick)
  world.runAll()
  assert.deepEqual(seen, ['tick', 'timer'])
  host.after(10, 'input', 'reads', () => seen.push('input'))
  host.after(20, 'timer', 'ticks', tick)
  host.pause()
  world.runAll()
  seen.length = 0
  host.resume()
  world.runAll()
  assert.deepEqual(seen, ['timer', 'input', 'tick'])
})

test('the end of an event comes behind all that the event does, and not for a process that it ended', () => {
  const world = new TestWorld(1)
  const host = world.host('server1')
  const seen: string[] = []
  host.after(10, 'input', 'reads', () => {
    host.atEventEnd('ends its turn', () => seen.push('end'))
    seen.push('input')
  })
  host.after(10, 'input', 'reads', () => {
    seen.push('next')
    host.atEventEnd('ends its turn', () => assert.fail('its process is gone'))
    host.endProcess(false)
  })
  world.runAll()
  assert.deepEqual(seen, ['input', 'end', 'next'])
})
