import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { formatQuotaText, parseQuotaText, type QuotaText } from '../src/quota-text.ts'

function parsed(text: string): readonly (number | undefined)[] | undefined {
  const quota = parseQuotaText(text)
  return quota && [quota.count, quota.bytes, quota.countHardLimit, quota.byteHardLimit]
}

describe('parseQuotaText', () => {
  it('reads soft limits', () => {
    assert.deepEqual(parsed('count=5,bytes=10'), [5, 10, undefined, undefined])
    assert.deepEqual(parsed('bytes=10;count=5'), [5, 10, undefined, undefined])
    assert.deepEqual(parsed('count=-1,bytes=-1'), [-1, -1, undefined, undefined])
    assert.deepEqual(parsed('count=7'), [7, -1, undefined, undefined])
    assert.deepEqual(parsed(''), [-1, -1, undefined, undefined])
  })

  it('reads hard limits behind the stray =', () => {
    assert.deepEqual(parsed('count=-1,bytes=-1=;byteHardLimit=9;countHardLimit=8'), [-1, -1, 8, 9])
    assert.deepEqual(parsed('count=1,bytes=2=;countHardLimit=-1'), [1, 2, -1, undefined])
  })

  it('is as lenient as StatsTrack', () => {
    assert.deepEqual(parsed('count=+5,,;bytes=10;,'), [5, 10, undefined, undefined])
    assert.deepEqual(parsed('count==5'), [-1, -1, undefined, undefined])
    assert.deepEqual(parsed('other=3,count=5=x'), [5, -1, undefined, undefined])
    assert.deepEqual(parsed('count=1,count=2'), [2, -1, undefined, undefined])
    assert.deepEqual(parsed(';'), [-1, -1, undefined, undefined])
    assert.deepEqual(parsed('=5'), [-1, -1, undefined, undefined])
  })

  it('refuses what StatsTrack throws at', () => {
    const texts = [
      'count',
      'count=',
      'count=x',
      'count= 5',
      ',count=5',
      '==',
      'count=5.0',
      'count=1e3',
      'other=x',
    ]
    for (const text of [...texts, 'count=99999999999999999999', 'count=-', ' '])
      assert.equal(parseQuotaText(text), undefined, text)
  })
})

describe('formatQuotaText', () => {
  it('writes soft limits alone as ever', () => {
    assert.equal(formatQuotaText({ count: 5, bytes: -1 }), 'count=5,bytes=-1')
  })

  it('writes hard limits behind a stray =, in the order of their names', () => {
    const both: QuotaText = { count: 1, bytes: 2, countHardLimit: 3, byteHardLimit: 4 }
    assert.equal(formatQuotaText(both), 'count=1,bytes=2=;byteHardLimit=4;countHardLimit=3')
    assert.equal(
      formatQuotaText({ count: 1, bytes: 2, countHardLimit: -1 }),
      'count=1,bytes=2=;countHardLimit=-1',
    )
  })

  it('writes what reads back', () => {
    const limit = fc.maxSafeInteger()
    const maybe = fc.option(limit, { nil: undefined })
    const quotas = fc.record({
      count: limit,
      bytes: limit,
      countHardLimit: maybe,
      byteHardLimit: maybe,
    })
    fc.assert(
      fc.property(quotas, (quota) => {
        const text = formatQuotaText(quota)
        assert.equal(formatQuotaText(parseQuotaText(text) ?? { count: NaN, bytes: NaN }), text)
      }),
    )
  })
})
