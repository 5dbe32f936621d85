import assert from 'node:assert/strict'
import { test } from 'node:test'
import { utf8Decode, utf8Encode } from '@quorate/protocol'
import * as fc from 'fast-check'
import { PathIndex } from '../src/path-index.ts'

/** Nodes with the hashes and paths that a test gives them, and a map to compare the index with. */
class Fixture {
  readonly index: PathIndex
  readonly #paths: string[] = []
  readonly #hashes: number[] = []
  readonly #lastNodes = new Map<string, number>()
  readonly #present = new Map<string, number>()

  constructor() {
    this.index = new PathIndex({
      hashOf: (node) => this.#hashes[node],
      hasPath: (node, bytes, start, end) =>
        this.#present.get(utf8Decode(bytes, start, end)) === node,
    })
  }

  get paths(): Iterable<string> {
    return this.#present.keys()
  }

  add(path: string, hash: number): void {
    if (this.#present.has(path)) return
    const node = this.#paths.length
    this.#paths.push(path)
    this.#lastNodes.set(path, node)
    this.#hashes.push(hash)
    this.#present.set(path, node)
    this.index.add(hash, node)
  }

  remove(path: string): void {
    const node = this.#present.get(path)
    if (node === undefined) return
    this.index.remove(this.#hashes[node], node)
    this.#present.delete(path)
  }

  /** Every path that was ever added is found exactly if it is there. */
  check(): void {
    assert.equal(this.index.size, this.#present.size)
    this.#paths.forEach((path, node) => {
      const bytes = utf8Encode(path)
      // A path that comes back may have another hash in these tests; the last one counts.
      if (this.#lastNodes.get(path) !== node) return
      const expected = this.#present.get(path) ?? -1
      assert.equal(this.index.find(this.#hashes[node], bytes, 0, bytes.length), expected, path)
    })
  }
}

test('the index is a map, whatever the hashes', () => {
  const hash = fc.oneof(
    fc.integer(),
    fc.constantFrom(0, -1, 1, 1_023, 1_024, -0x8000_0000, 0x7fff_ffff),
    fc.nat(15).map((low) => 0x4000_0000 | low),
  )
  const step = fc.tuple(fc.nat(400), hash, fc.boolean())
  fc.assert(
    fc.property(fc.array(step, { maxLength: 1_500, size: 'max' }), (steps) => {
      const fixture = new Fixture()
      for (const [name, with32Bits, isAdded] of steps) {
        if (isAdded) fixture.add(`/${name}`, with32Bits)
        else fixture.remove(`/${name}`)
      }
      fixture.check()
    }),
    { numRuns: 40 },
  )
})

test('more than a thousand nodes with one hash are told apart', () => {
  const fixture = new Fixture()
  for (let i = 0; i < 1_200; i++) fixture.add(`/same-${i}`, 0x1234_5678)
  for (let i = 0; i < 1_200; i += 3) fixture.remove(`/same-${i}`)
  for (let i = 0; i < 500; i++) fixture.add(`/other-${i}`, 0x1234_5679 + i)
  fixture.check()
  for (const path of Array.from(fixture.paths)) fixture.remove(path)
  fixture.check()
})

test('hashes that share their upper bits spread over one segment', () => {
  const fixture = new Fixture()
  for (let i = 0; i < 5_000; i++) fixture.add(`/low-${i}`, i)
  for (let i = 0; i < 5_000; i += 2) fixture.remove(`/low-${i}`)
  fixture.check()
})

test('it grows to many nodes and shrinks again', () => {
  const fixture = new Fixture()
  for (let i = 0; i < 20_000; i++) fixture.add(`/${i}`, Math.imul(i, 0x9e37_79b1))
  fixture.check()
  for (let i = 0; i < 20_000; i++) if (i % 7 !== 0) fixture.remove(`/${i}`)
  fixture.check()
})

test('removing what is not there is an error, not a loop', () => {
  const fixture = new Fixture()
  fixture.add('/a', 5)
  assert.throws(() => fixture.index.remove(5, 17), /not in the path index/)
})
