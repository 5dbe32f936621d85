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
