import assert from 'node:assert/strict'
import { test } from 'node:test'
import { median, renderComparison } from '../../bench/comparison-table.ts'
import type { Measurement } from '../../bench/results.ts'

function rate(server: string, repetition: number, operationsPerSecond: number): Measurement {
  return {
    type: 'measurement',
    server,
    repetition,
    case: 'reads 50 × 1',
    figures: { operationsPerSecond, serverCpuSecondsPer1000: 0.01, p99Us: 1_500 },
  }
}

test('the median of an even number of values is the mean of the middle ones', () => {
  assert.equal(median([3, 1, 2]), 2)
  assert.equal(median([4, 1, 2, 3]), 2.5)
  assert.equal(median([]), undefined)
})

test('a row has both medians and the ratio of them, not the median of ratios', () => {
  const lines = [
    rate('apache', 1, 10_000),
    rate('quorate', 1, 30_000),
    rate('apache', 2, 20_000),
    rate('quorate', 2, 20_000),
    rate('apache', 3, 30_000),
    rate('quorate', 3, 40_000),
  ]
  assert.match(
    renderComparison(lines),
    /^\| reads 50 × 1 \| 20,000 \| 30,000 \| 1\.50 \| 1\.00 \| 1,500 \| 1,500 \|$/m,
  )
})

test('what was not measured is a dash', () => {
  assert.match(
    renderComparison([rate('apache', 1, 10_000)]),
    /^\| reads 50 × 1 \| 10,000 \| – \| – \| – \| 1,500 \| – \|$/m,
  )
})
