import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VirtualClock } from '../../src/in-memory/virtual-clock.ts'

test('alarms go off in the order of their times, each at its own', async () => {
  const clock = new VirtualClock()
  const seen: [string, number][] = []
  const note = (name: string) => (): void => void seen.push([name, clock.nowMs()])
  clock.wakeAfter(30, note('late'))
  clock.wakeAfter(10, note('early'))
  clock.wakeAfter(30, note('later'))
  await clock.advance(30)
  assert.deepEqual(seen, [
    ['early', 10],
    ['late', 30],
    ['later', 30],
  ])
})

test('an alarm that another one sets goes off if it is due', async () => {
  const clock = new VirtualClock()
  const seen: number[] = []
  clock.wakeAfter(10, () => void clock.wakeAfter(10, () => seen.push(clock.nowMs())))
  await clock.advance(19)
  assert.deepEqual(seen, [])
  await clock.advance(1)
  assert.deepEqual(seen, [20])
})

test('a cancelled alarm does not go off', async () => {
  const clock = new VirtualClock()
  const seen: string[] = []
  clock.wakeAfter(10, () => seen.push('cancelled')).cancel()
  await clock.advance(20)
  assert.deepEqual(seen, [])
})

test('what an alarm sets off is over before the next one', async () => {
  const clock = new VirtualClock()
  const seen: string[] = []
  clock.wakeAfter(10, () => {
    clock.afterTurn(() => {
      void Promise.resolve().then(() => clock.afterTurn(() => seen.push('the first has ended')))
    })
  })
  clock.wakeAfter(11, () => seen.push('the second'))
  await clock.advance(20)
  assert.deepEqual(seen, ['the first has ended', 'the second'])
})

test('moves that are asked for together follow each other', async () => {
  const clock = new VirtualClock()
  await Promise.all([clock.advance(10), clock.advance(10)])
  assert.equal(clock.nowMs(), 20)
})

test('the clock on the wall goes with it', async () => {
  const clock = new VirtualClock()
  const before = clock.wallMs()
  await clock.advance(1_000)
  assert.equal(clock.wallMs() - before, 1_000)
})
