import assert from 'node:assert/strict'
import { test } from 'node:test'
import { simulate } from '@quorate/simulator'

test('the same seed gives the same event log, line by line', () => {
  const traces = [0, 1].map(() => {
    const lines: string[] = []
    const { hash } = simulate({ seed: 7, durationMs: 3_000, trace: (line) => lines.push(line) })
    return { hash, lines }
  })
  assert.ok(traces[0].lines.length > 1_000)
  assert.deepEqual(traces[0], traces[1])
})

test('another seed gives another run', () => {
  const [first, second] = [1, 2].map((seed) => simulate({ seed, durationMs: 1_000 }))
  assert.notEqual(first.hash, second.hash)
})

test('what a run does is the same whether it is traced or not', () => {
  const plain = simulate({ seed: 3, durationMs: 1_000 })
  const traced = simulate({ seed: 3, durationMs: 1_000, trace: () => {} })
  assert.equal(plain.hash, traced.hash)
})
