import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { makeZxid, type Zxid } from '@quorate/protocol'
import * as fc from 'fast-check'
import { ProposalWindow } from '../../src/zab/proposal-window.ts'

function pushed(window: ProposalWindow, zxid: Zxid, length = 4): Uint8Array {
  const bytes = new Uint8Array(length).fill(zxid % 251)
  window.push(zxid, bytes, 0, length)
  return bytes
}

describe('the window of proposals', () => {
  test('keeps copies of what it is given', () => {
    const window = new ProposalWindow(500)
    for (const length of [0, 1, 1_000, 65_536, 65_537, 300_000]) {
      const bytes = pushed(window, window.lastZxid + 1, length)
      const before = bytes.slice()
      bytes.fill(255)
      assert.deepEqual(window.outstanding().at(-1)!.bytes, before)
    }
  })

  test('takes a part of a chunk', () => {
    const window = new ProposalWindow(500)
    const { bytes } = window.push(1, Uint8Array.of(1, 2, 3, 4), 1, 3)
    assert.deepEqual(bytes, Uint8Array.of(2, 3))
  })

  test('begins right before the first transaction that was recovered', () => {
    const window = new ProposalWindow(500)
    const bytes = new Uint8Array(1)
    window.reset([{ zxid: makeZxid(2, 5), bytes }], makeZxid(2, 5))
    assert.equal(window.floor, makeZxid(2, 4))
    window.reset([], makeZxid(3, 7))
    assert.equal(window.floor, makeZxid(3, 7))
    assert.equal(window.lastZxid, makeZxid(3, 7))
    assert.equal(window.lastDelivered, makeZxid(3, 7))
  })

  test('drops the oldest delivered ones above 32 MiB, but never the last one', () => {
    const window = new ProposalWindow(500)
    for (let zxid = 1; zxid <= 5; zxid++) {
      pushed(window, zxid, 10_000_000)
      window.deliverNext()
    }
    assert.equal(window.floor, 2)
    pushed(window, 6, 50_000_000)
    window.deliverNext()
    assert.equal(window.floor, 5)
    assert.ok(window.has(6))
  })

  test('does not drop what is not delivered', () => {
    const window = new ProposalWindow(2)
    for (let zxid = 1; zxid <= 50; zxid++) pushed(window, zxid)
    assert.equal(window.outstandingCount, 50)
    assert.equal(window.floor, 0)
    window.deliverNext()
    assert.equal(window.head?.zxid, 2)
  })

  test('does as a plain list does', () => {
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.constant('push' as const) },
      { weight: 4, arbitrary: fc.constant('deliver' as const) },
      { weight: 1, arbitrary: fc.constant('next epoch' as const) },
      { weight: 1, arbitrary: fc.constant('reset' as const) },
    )
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.array(step, { maxLength: 200 }), playList),
      { numRuns: 300 },
    )
  })

  test('stays right over thousands of evictions', () => {
    playList(
      3,
      Array.from({ length: 9_000 }, (_, i) => (i % 2 === 0 ? 'push' : 'deliver')),
    )
  })
})

type Step = 'push' | 'deliver' | 'next epoch' | 'reset'

function playList(countMax: number, steps: readonly Step[]): void {
  const window = new ProposalWindow(countMax)
  const all: Zxid[] = []
  let delivered = 0
  let epoch = 1
  let counter = 0
  let floor = 0
  for (const step of steps) {
    if (step === 'push') {
      all.push(makeZxid(epoch, ++counter))
      pushed(window, all.at(-1)!)
    } else if (step === 'deliver' && delivered < all.length) {
      assert.equal(window.deliverNext().zxid, all[delivered++])
      if (delivered > countMax) floor = Math.max(floor, all[delivered - countMax - 1])
    } else if (step === 'next epoch') {
      epoch++
      counter = 0
    } else if (step === 'reset') {
      window.reset([], all.at(-1) ?? 0)
      delivered = all.length
      floor = all.at(-1) ?? 0
    }
    assert.equal(window.floor, floor)
    assert.equal(window.lastZxid, all.at(-1) ?? 0)
    assert.equal(window.lastDelivered, delivered === 0 ? 0 : all[delivered - 1])
    assert.equal(window.head?.zxid, all[delivered])
    if (steps.length > 300) continue
    const kept = all.filter((zxid) => zxid > floor)
    for (const zxid of [floor, all.at(-2) ?? 0, all.at(-1) ?? 0, makeZxid(epoch, 0)]) {
      if (zxid < floor) continue
      const later = kept.filter((it) => it > zxid)
      assert.deepEqual(zxidsOf(window.after(zxid)), later)
      const done = all.slice(0, delivered)
      assert.deepEqual(
        zxidsOf(window.deliveredAfter(zxid)),
        later.filter((it) => done.includes(it)),
      )
      assert.equal(window.has(zxid), kept.includes(zxid))
      assert.equal(
        window.lastNotAfter(zxid),
        kept.findLast((it) => it <= zxid && done.includes(it)),
      )
    }
  }
}

function zxidsOf(proposals: readonly { readonly zxid: Zxid }[]): readonly Zxid[] {
  return proposals.map(({ zxid }) => zxid)
}
