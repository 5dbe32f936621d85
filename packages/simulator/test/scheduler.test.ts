import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EventLog } from '../src/event-log.ts'
import { Scheduler } from '../src/scheduler.ts'

function recordingScheduler(): { scheduler: Scheduler; lines: string[]; log: EventLog } {
  const lines: string[] = []
  const log = new EventLog((line) => lines.push(line))
  return { scheduler: new Scheduler(log), lines, log }
}

const nothing = (): void => {}

test('events run by time, and at one time in the order of their scheduling', () => {
  const { scheduler, lines } = recordingScheduler()
  scheduler.after(2_000, 'a', 'second', () => scheduler.after(0, 'a', 'last', nothing))
  scheduler.after(2_000, 'b', 'third', nothing)
  scheduler.after(500, 'c', 'first', nothing)
  while (scheduler.runNext());
  assert.deepEqual(lines, [
    '0.500 #1 c first',
    '2.000 #2 a second',
    '2.000 #3 b third',
    '2.000 #4 a last',
  ])
})

test('a thousand events in any order run by time', () => {
  const { scheduler } = recordingScheduler()
  const times: number[] = []
  for (let i = 0; i < 1_000; i++)
    scheduler.after((i * 7_919) % 1_009, 'a', 'runs', () => times.push(scheduler.nowUs))
  while (scheduler.runNext());
  assert.deepEqual(
    times,
    times.toSorted((a, b) => a - b),
  )
  assert.equal(times.length, 1_000)
})

test('what was cancelled leaves no trace', () => {
  const { scheduler, lines, log } = recordingScheduler()
  scheduler.after(1, 'a', 'runs', () => assert.fail('it was cancelled')).cancel()
  assert.equal(scheduler.runNext(), false)
  assert.deepEqual(lines, [])
  assert.equal(log.hash, new EventLog().hash)
})
