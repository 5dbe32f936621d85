import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { lastCommonZxid, ZxidRanges } from '../../src/recover/zxid-ranges.ts'

function rangesOf(zxids: readonly number[]): ZxidRanges {
  const ranges = new ZxidRanges()
  for (const zxid of zxids) ranges.add(zxid)
  return ranges
}

describe('zxid ranges', () => {
  it('have the same last common zxid as the sets that they stand for', () => {
    const history = fc.uniqueArray(fc.nat(30), { minLength: 1 })
    fc.assert(
      fc.property(fc.array(history, { minLength: 1, maxLength: 4 }), (histories) => {
        const sorted = histories.map((zxids) => zxids.toSorted((a, b) => a - b))
        const [first = [], ...others] = sorted
        const expected = first.findLast((zxid) => others.every((other) => other.includes(zxid)))
        assert.equal(lastCommonZxid(sorted.map(rangesOf)), expected)
      }),
    )
  })

  it('take all up to a zxid as held, and go on from there', () => {
    const ranges = new ZxidRanges()
    ranges.add(10, 0)
    ranges.add(11)
    ranges.add(20)
    assert.deepEqual(
      [7, 11, 15, 25].map((zxid) => ranges.lastUpTo(zxid)),
      [7, 11, 11, 20],
    )
    assert.equal(rangesOf([5]).lastUpTo(4), undefined)
  })
})
