import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { runRequest, type RunRequest, simulate, type SimulationResult } from '@quorate/simulator'

const small = { durationMs: 2_000, livenessBoundMs: 1_000, createCheckers: () => [] }

test('the same seed gives the same event log, line by line', () => {
  const traces = [0, 1].map(() => {
    const lines: string[] = []
    const { hash } = simulate({ ...small, seed: 7, trace: (line) => lines.push(line) })
    return { hash, lines }
  })
  assert.ok(traces[0].lines.length > 1_000)
  assert.deepEqual(traces[0], traces[1])
})

test('another seed gives another run', () => {
  const [first, second] = [1, 2].map((seed) => simulate({ ...small, seed }))
  assert.notEqual(first.hash, second.hash)
})

test('what a run does is the same whether it is traced or not', () => {
  const plain = simulate({ ...small, seed: 3 })
  const traced = simulate({ ...small, seed: 3, trace: () => {} })
  assert.equal(plain.hash, traced.hash)
})

test('another process comes to the same event log', async () => {
  const request: RunRequest = { seed: 11, topology: { voterCount: 3 }, durationMs: 1_000 }
  const child = fork(new URL('../src/node/seed-worker.ts', import.meta.url), {
    serialization: 'advanced',
  })
  child.send(request)
  const [there] = (await once(child, 'message')) as [SimulationResult]
  child.disconnect()
  const here = await runRequest(request)
  assert.ok(here.steps > 1_000)
  assert.deepEqual([there.hash, there.steps], [here.hash, here.steps])
})
