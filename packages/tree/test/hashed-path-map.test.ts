import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { utf8Decode, utf8Encode } from '@quorate/protocol'
import * as fc from 'fast-check'
import { HashedPathMap } from '../src/hashed-path-map.ts'
import { pathHash } from '../src/path-hash.ts'

/** A hash with so few values that most paths share theirs with others. */
function poorHash(path: Uint8Array): number {
  return pathHash(path, 0, path.length) & 1
}

describe('HashedPathMap', () => {
  it('finds a key in the middle of other bytes', () => {
    const map = new HashedPathMap<number>()
    const key = utf8Encode('/a/b')
    map.set(pathHash(key, 0, 4), key, 0, 4, 7)

    const frame = utf8Encode('xx/a/byy')
    assert.equal(map.get(pathHash(frame, 2, 6), frame, 2, 6), 7)
    assert.equal(map.get(pathHash(frame, 2, 7), frame, 2, 7), undefined)
  })

  it('keeps its own copy of a key', () => {
    const map = new HashedPathMap<string>()
    const frame = utf8Encode('/a')
    const hash = pathHash(frame, 0, 2)
    const key = map.set(hash, frame, 0, 2, 'value')
    frame.fill(0)

    assert.equal(utf8Decode(key), '/a')
    assert.equal(map.get(hash, utf8Encode('/a'), 0, 2), 'value')
  })

  it('gives every entry once when the entry just given is deleted meanwhile', () => {
    const map = new HashedPathMap<number>()
    for (let i = 0; i < 20; i++) {
      const path = utf8Encode(`/n${i}`)
      map.set(poorHash(path), path, 0, path.length, i)
    }
    const seen: number[] = []
    for (const { path, value } of map) {
      seen.push(value)
      map.delete(poorHash(path), path, 0, path.length)
    }
    assert.deepEqual(
      seen.toSorted((a, b) => a - b),
      Array.from({ length: 20 }, (_, i) => i),
    )
    assert.equal(map.size, 0)
  })

  it('behaves as a Map of strings, with hashes that collide', () => {
    const operation = fc.record({
      kind: fc.constantFrom('set', 'delete', 'get'),
      path: fc.constantFrom('/', '/a', '/b', '/a/b', '/ä', '/a/b/c', ''),
      value: fc.nat(),
    })
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
        const map = new HashedPathMap<number>()
        const model = new Map<string, number>()
        for (const { kind, path, value } of operations) {
          const bytes = utf8Encode(path)
          const hash = poorHash(bytes)
          if (kind === 'set') {
            map.set(hash, bytes, 0, bytes.length, value)
            model.set(path, value)
          } else if (kind === 'delete') {
            assert.equal(map.delete(hash, bytes, 0, bytes.length), model.delete(path))
          } else assert.equal(map.get(hash, bytes, 0, bytes.length), model.get(path))
          assert.equal(map.size, model.size)
        }
        const entries = [...map].map((entry) => [utf8Decode(entry.path), entry.value] as const)
        assert.deepEqual(new Map(entries), model)
        assert.equal(entries.length, model.size)
      }),
    )
  })
})
