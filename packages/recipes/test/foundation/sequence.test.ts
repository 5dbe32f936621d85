import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { compareSequence, parseSequenced, sortSequenced } from '../../src/foundation/sequence.ts'

const kinds = ['lock-', '__lock__']

/** As servers print it: "%010d" of a signed 32-bit number. */
function printed(sequence: number): string {
  return sequence < 0
    ? `-${String(-sequence).padStart(9, '0')}`
    : String(sequence).padStart(10, '0')
}

describe('sequence numbers', () => {
  it('are read behind the kind, with their sign', () => {
    const uuid = '_c_0a1b2c3d-0000-4000-8000-000000000000-'
    assert.deepEqual(parseSequenced(`${uuid}lock-0000000005`, kinds), {
      name: `${uuid}lock-0000000005`,
      kind: 'lock-',
      sequence: 5,
    })
    assert.equal(parseSequenced(`${uuid}lock--000000005`, kinds)?.sequence, -5)
    assert.equal(parseSequenced('0a1b__lock__-2147483648', kinds)?.sequence, -2_147_483_648)
    assert.equal(parseSequenced('0a1b__lock__0000000007', kinds)?.kind, '__lock__')
  })

  it('are not found in names of other kinds', () => {
    for (const name of [
      'lock',
      'lock-',
      'lock-5',
      'latch-0000000005',
      '0000000005',
      'lock-x000000005',
    ])
      assert.equal(parseSequenced(name, kinds), undefined, name)
  })

  it('keep the order of creation over the wrap at 2^31', () => {
    const line = fc
      .tuple(fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff }), fc.integer({ min: 1, max: 50 }))
      .map(([first, count]) => Array.from({ length: count }, (_, i) => (first + i) | 0))
    fc.assert(
      fc.property(line, fc.infiniteStream(fc.nat()), (created, chance) => {
        const names = created.map((sequence) => `x-lock-${printed(sequence)}`)
        const shuffled = names
          .map((name) => ({ name, at: chance.next().value as number }))
          .toSorted((a, b) => a.at - b.at)
          .map(({ name }) => name)
        assert.deepEqual(
          sortSequenced(shuffled, kinds).map(({ name }) => name),
          names,
        )
      }),
    )
  })

  it('are compared by their distance', () => {
    assert.ok(compareSequence(0x7fff_ffff, -0x8000_0000) < 0)
    assert.ok(compareSequence(-1, 0) < 0)
    assert.equal(compareSequence(4, 4), 0)
  })
})
