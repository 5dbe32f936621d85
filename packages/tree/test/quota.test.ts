import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { utf8Decode, utf8Encode } from '@quorate/protocol'
import * as fc from 'fast-check'
import { parseQuotaText } from '../src/quota-text.ts'
import {
  isAboveSoftLimit,
  type Quota,
  type QuotaNodeKind,
  quotaNodeKind,
  quotaNodePath,
  quotaPath,
  QuotaTable,
  type QuotaUse,
  wouldExceed,
} from '../src/quota.ts'

function tableOf(...paths: readonly string[]): QuotaTable {
  const table = new QuotaTable()
  for (const path of paths) table.setLimits(utf8Encode(path), parseQuotaText('count=5,bytes=10'))
  return table
}

/** The path of the nearest quota, looked for in the middle of other bytes. */
function nearestPath(table: QuotaTable, path: string): string | undefined {
  const frame = utf8Encode(`>${path}<`)
  const quota = table.nearest(frame, 1, frame.length - 1)
  return quota && utf8Decode(quota.path)
}

function quotaOf(limits: string, use: QuotaUse | undefined): Quota {
  return { path: utf8Encode('/a'), limits: parseQuotaText(limits) ?? { count: -1, bytes: -1 }, use }
}

function kindOf(path: string): QuotaNodeKind | undefined {
  const frame = utf8Encode(`>${path}<`)
  return quotaNodeKind(frame, 1, frame.length - 1)
}

describe('quotaNodeKind', () => {
  it('knows the two nodes of a quota', () => {
    assert.equal(kindOf('/zookeeper/quota/a/zookeeper_limits'), 'limits')
    assert.equal(kindOf('/zookeeper/quota/a/b/zookeeper_stats'), 'stats')
    const path = utf8Encode('/zookeeper/quota/a/b/zookeeper_stats')
    assert.equal(utf8Decode(quotaPath(path, 0, path.length)), '/a/b')
  })

  it('knows no others', () => {
    const paths = [
      '/zookeeper/quota',
      '/zookeeper/quota/a',
      '/a/zookeeper_limits',
      '/zookeeper/quotas/a/zookeeper_limits',
    ]
    const more = [
      '/zookeeper/quota/zookeeper_limits',
      '/zookeeper/quota/a/zookeeper_limits2',
      '/',
      '',
    ]
    for (const path of [...paths, ...more, '/zookeeper/quota/a/zookeeper_limits/b'])
      assert.equal(kindOf(path), undefined, path)
  })

  it('is the inverse of quotaNodePath', () => {
    for (const kind of ['limits', 'stats'] as const) {
      const path = quotaNodePath(utf8Encode('/a/b'), kind)
      assert.equal(kindOf(utf8Decode(path)), kind)
      assert.equal(utf8Decode(quotaPath(path, 0, path.length)), '/a/b')
    }
  })
})

describe('QuotaTable', () => {
  it('finds the nearest quota above a node or on it', () => {
    const table = tableOf('/a', '/a/b/c')
    assert.equal(nearestPath(table, '/a'), '/a')
    assert.equal(nearestPath(table, '/a/b'), '/a')
    assert.equal(nearestPath(table, '/a/b/c'), '/a/b/c')
    assert.equal(nearestPath(table, '/a/b/c/d/e'), '/a/b/c')
    assert.equal(nearestPath(table, '/ab'), undefined)
    assert.equal(nearestPath(table, '/'), undefined)
  })

  it('forgets a quota that is deleted, and keeps those below it', () => {
    const table = tableOf('/a', '/a/b')
    assert.equal(table.delete(utf8Encode('/a')), true)
    assert.equal(table.delete(utf8Encode('/a')), false)
    assert.equal(nearestPath(table, '/a/x'), undefined)
    assert.equal(nearestPath(table, '/a/b/x'), '/a/b')
    assert.deepEqual(
      Array.from(table, (quota) => utf8Decode(quota.path)),
      ['/a/b'],
    )
  })

  it('counts for the nearest quota only, and only while its use is known', () => {
    const table = tableOf('/a', '/a/b')
    const node = utf8Encode('/a/b/x')
    assert.equal(table.addUse(node, 0, node.length, { count: 1, bytes: 3 }), undefined)
    table.setUse(utf8Encode('/a'), { count: 9, bytes: 9 })
    table.setUse(utf8Encode('/a/b'), { count: 1, bytes: 0 })
    const changed = table.addUse(node, 0, node.length, { count: 1, bytes: 3 })
    assert.deepEqual(changed?.use, { count: 2, bytes: 3 })
    assert.deepEqual(table.get(utf8Encode('/a'))?.use, { count: 9, bytes: 9 })
    table.setUse(utf8Encode('/a/b'), undefined)
    assert.equal(table.addUse(node, 0, node.length, { count: 1, bytes: 3 }), undefined)
  })

  it('keeps the use when limits change, and takes unreadable ones for none', () => {
    const table = tableOf('/a')
    table.setUse(utf8Encode('/a'), { count: 2, bytes: 4 })
    table.setLimits(utf8Encode('/a'), parseQuotaText('count='))
    const quota = table.get(utf8Encode('/a'))
    assert.deepEqual(quota?.limits, { count: -1, bytes: -1 })
    assert.deepEqual(quota?.use, { count: 2, bytes: 4 })
  })

  it('ignores the use of a path without a quota', () => {
    const table = tableOf('/a')
    table.setUse(utf8Encode('/b'), { count: 1, bytes: 1 })
    assert.equal(table.size, 1)
  })

  it('finds what a search through all prefixes finds', () => {
    const path = fc
      .array(fc.constantFrom('a', 'b', 'ab'), { minLength: 1, maxLength: 4 })
      .map((names) => `/${names.join('/')}`)
    fc.assert(
      fc.property(fc.array(path), path, (quotas, wanted) => {
        const above = quotas.filter((quota) => `${wanted}/`.startsWith(`${quota}/`))
        const longest = above.toSorted((a, b) => b.length - a.length)[0]
        assert.equal(nearestPath(tableOf(...quotas), wanted), longest)
      }),
    )
  })
})

describe('wouldExceed', () => {
  const hard = 'count=1,bytes=1=;byteHardLimit=10;countHardLimit=5'

  it('refuses what goes beyond a hard limit, not what reaches it', () => {
    const quota = quotaOf(hard, { count: 4, bytes: 8 })
    assert.equal(wouldExceed(quota, { count: 1, bytes: 2 }), false)
    assert.equal(wouldExceed(quota, { count: 2, bytes: 0 }), true)
    assert.equal(wouldExceed(quota, { count: 1, bytes: 3 }), true)
  })

  it('counts what is in flight', () => {
    const quota = quotaOf(hard, { count: 4, bytes: 8 })
    assert.equal(wouldExceed(quota, { count: 1, bytes: 0 }, { count: 1, bytes: 0 }), true)
    assert.equal(wouldExceed(quota, { count: 1, bytes: 0 }, { count: -1, bytes: 9 }), false)
  })

  it('looks only at the number that changes', () => {
    const quota = quotaOf(hard, { count: 4, bytes: 99 })
    assert.equal(wouldExceed(quota, { count: 1, bytes: 0 }), false)
    assert.equal(wouldExceed(quota, { count: 0, bytes: -1 }), true)
  })

  it('never refuses for a soft limit, for −1, or while the use is not known', () => {
    const growth = { count: 9, bytes: 99 }
    assert.equal(wouldExceed(quotaOf('count=1,bytes=1', { count: 4, bytes: 8 }), growth), false)
    assert.equal(
      wouldExceed(quotaOf('count=1,bytes=1=;countHardLimit=-1', { count: 4, bytes: 8 }), growth),
      false,
    )
    assert.equal(wouldExceed(quotaOf(hard, undefined), growth), false)
  })

  it('takes a hard limit of 0 at its word', () => {
    const quota = quotaOf('count=-1,bytes=-1=;countHardLimit=0', { count: 0, bytes: 0 })
    assert.equal(wouldExceed(quota, { count: 1, bytes: 0 }), true)
  })
})

/** A quota of two nodes and ten bytes. */
function quotaWith(use: QuotaUse): Quota {
  return { path: utf8Encode('/q'), limits: { count: 2, bytes: 10 }, use }
}

describe('isAboveSoftLimit', () => {
  it('speaks of growth above a limit, never of shrinking', () => {
    const grown = { count: 1, bytes: 0 }
    assert.equal(isAboveSoftLimit(quotaWith({ count: 2, bytes: 0 }), grown), false)
    assert.equal(isAboveSoftLimit(quotaWith({ count: 3, bytes: 0 }), grown), true)
    assert.equal(
      isAboveSoftLimit(quotaWith({ count: 3, bytes: 0 }), { count: -1, bytes: 0 }),
      false,
    )
    assert.equal(isAboveSoftLimit(quotaWith({ count: 1, bytes: 11 }), { count: 0, bytes: 5 }), true)
    assert.equal(
      isAboveSoftLimit({ ...quotaWith({ count: 9, bytes: 0 }), use: undefined }, grown),
      false,
    )
  })
})
