import assert from 'node:assert/strict'
import { test } from 'node:test'
import { reportRun, simulateAsync, standardCheckers } from '@quorate/simulator'
import type { Checker } from '../../src/checkers/checker.ts'
import { Counts } from '../counts.ts'

const small = { topology: { voterCount: 3 }, durationMs: 3_000, livenessBoundMs: 4_000 }

test('a run whose clients are all real finds nothing, and meets every promise of a client', async () => {
  const counts = new Counts()
  const result = await simulateAsync({
    ...small,
    seed: 5,
    realClientCount: 12,
    createCheckers: (options) => [counts, ...standardCheckers(options)],
  })
  assert.equal(result.violation, undefined, reportRun(result))
  const told = ['called', 'returned', 'changeTold', 'stateTold', 'invoked', 'notified'] as const
  for (const type of told) assert.ok(counts.of(type) > 10, type)
  assert.equal(counts.of('clientOpened') >= 12, true)
})

test('the same seed gives the same event log with real clients, side by side too', async () => {
  const runs = [0, 1].map(() => simulateAsync({ ...small, seed: 6, createCheckers: () => [] }))
  const [first, second] = await Promise.all(runs)
  const third = await simulateAsync({ ...small, seed: 6, createCheckers: () => [] })
  assert.ok(first.steps > 1_000)
  assert.deepEqual([second.hash, third.hash], [first.hash, first.hash])
})

test('two or three of twelve clients are real unless it is said how many', async () => {
  for (const seed of [1, 2, 3, 4]) {
    const opened = new Set<string>()
    const checker: Checker = {
      name: 'opened',
      observe: (observation) => {
        if (observation.type === 'clientOpened') opened.add(observation.client)
        return undefined
      },
    }
    await simulateAsync({ ...small, seed, durationMs: 200, createCheckers: () => [checker] })
    assert.ok(opened.size === 2 || opened.size === 3, `${opened.size}`)
  }
})
