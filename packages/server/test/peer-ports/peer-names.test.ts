import assert from 'node:assert/strict'
import type { LookupFunction } from 'node:net'
import { describe, it } from 'node:test'
import { PeerNames } from '../../src/peer-ports/peer-names.ts'

describe('PeerNames', () => {
  it('asks once for all who wait for a name, and again for who comes later', () => {
    const asked: { readonly name: string; readonly answer: Parameters<LookupFunction>[2] }[] = []
    const names = new PeerNames((name, _options, answer) => void asked.push({ name, answer }))
    const found: string[] = []
    const look = (name: string): void =>
      names.lookup(name, {}, (error, address) => found.push(error?.message ?? (address as string)))
    look('a')
    look('a')
    look('b')
    assert.deepEqual(
      asked.map(({ name }) => name),
      ['a', 'b'],
    )
    asked[0].answer(null, '10.0.0.1', 4)
    asked[1].answer(new Error('no such name'), '', 4)
    assert.deepEqual(found, ['10.0.0.1', '10.0.0.1', 'no such name'])
    look('a')
    asked[2].answer(null, '10.0.0.2', 4)
    assert.equal(found.at(-1), '10.0.0.2')
  })
})
