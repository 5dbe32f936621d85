import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { Arrivals } from '../../src/detector/arrivals.ts'

function regular(intervalMs: number, count: number): Arrivals {
  const arrivals = new Arrivals(0)
  for (let i = 1; i <= count; i++) arrivals.heard(i * intervalMs)
  return arrivals
}

describe('the suspicion of a silence', () => {
  it('is one of ten after 2.3 mean intervals, and one of a hundred after 4.6', () => {
    const arrivals = regular(100, 10)
    assert.equal(arrivals.phi(1_000), 0)
    assert.ok(Math.abs(arrivals.phi(1_000 + 100 * Math.LN10) - 1) < 1e-9)
    assert.ok(Math.abs(arrivals.phi(1_000 + 200 * Math.LN10) - 2) < 1e-9)
  })

  it('reaches a threshold when it says', () => {
    const property = fc.property(
      fc.array(fc.integer({ min: 0, max: 5_000 }), { minLength: 4, maxLength: 300 }),
      fc.integer({ min: 1, max: 16 }),
      (intervals, threshold) => {
        const arrivals = new Arrivals(0)
        let atMs = 0
        for (const interval of intervals) arrivals.heard((atMs += interval))
        const reachesAtMs = arrivals.reachesAtMs(threshold)!
        assert.ok(reachesAtMs > atMs)
        assert.ok(Math.abs(arrivals.phi(reachesAtMs) - threshold) < 1e-6)
      },
    )
    fc.assert(property)
  })

  it('is none without intervals to compare with', () => {
    for (const arrivals of [new Arrivals(0), regular(100, 3)]) {
      assert.equal(arrivals.phi(1e9), 0)
      assert.equal(arrivals.reachesAtMs(8), undefined)
    }
  })

  it('does not take what was left of an interval for one', () => {
    const arrivals = new Arrivals(995)
    for (let i = 10; i < 20; i++) arrivals.heard(i * 100)
    arrivals.excuse(1_999)
    for (let i = 20; i < 24; i++) arrivals.heard(i * 100)
    assert.ok(Math.abs(arrivals.phi(2_300 + 100 * Math.LN10) - 1) < 1e-9)
  })

  it('follows the last hundred intervals', () => {
    const arrivals = regular(1_000, 50)
    let atMs = 50_000
    for (let i = 0; i < 100; i++) arrivals.heard((atMs += 10))
    assert.ok(Math.abs(arrivals.phi(atMs + 10 * Math.LN10) - 1) < 1e-9)
  })

  it('counts from an excuse', () => {
    const arrivals = regular(100, 10)
    arrivals.excuse(60_000)
    assert.equal(arrivals.phi(60_000), 0)
  })
})
