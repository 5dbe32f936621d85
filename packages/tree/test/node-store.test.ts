import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decode, purePlatform, stat, utf8Decode, utf8Encode } from '@quorate/protocol'
import * as fc from 'fast-check'
import { absent, IntField, LongField, NodeStore, rootNode } from '../src/node-store.ts'

interface ModelNode {
  data: Uint8Array | null
  readonly children: string[]
}

/** A store beside a map of plain objects that does the same. */
class Fixture {
  readonly store = new NodeStore(purePlatform)
  readonly model = new Map<string, ModelNode>()

  constructor() {
    this.store.add(absent, utf8Encode('/'), 0, 1)
    this.model.set('/', { data: null, children: [] })
  }

  find(path: string): number {
    const bytes = utf8Encode(path)
    return this.store.find(bytes, 0, bytes.length)
  }

  create(path: string): void {
    const parent = path.slice(0, path.lastIndexOf('/')) || '/'
    if (this.model.has(path) || !this.model.has(parent)) return
    const bytes = utf8Encode(path)
    this.store.add(this.store.findParent(bytes, 0, bytes.length), bytes, 0, bytes.length)
    this.model.set(path, { data: null, children: [] })
    this.model.get(parent)!.children.push(path)
  }

  remove(path: string): void {
    const node = this.model.get(path)
    if (node === undefined || node.children.length > 0 || path === '/') return
    this.store.remove(this.find(path))
    this.model.delete(path)
    const siblings = this.model.get(path.slice(0, path.lastIndexOf('/')) || '/')!.children
    siblings.splice(siblings.indexOf(path), 1)
  }

  setData(path: string, data: Uint8Array | null): void {
    const node = this.model.get(path)
    if (node === undefined) return
    node.data = data
    this.store.setData(this.find(path), data ?? new Uint8Array(0), 0, data?.length ?? -1)
  }

  check(): void {
    const { store, model } = this
    assert.equal(store.count, model.size)
    let bytes = 0
    for (const [path, { data, children }] of model) {
      const node = this.find(path)
      bytes += utf8Encode(path).length + (data?.length ?? 0)
      assert.notEqual(node, absent, path)
      assert.equal(store.pathText(node), path)
      assert.deepEqual(store.pathCopy(node), utf8Encode(path))
      assert.deepEqual(store.dataCopy(node), data)
      assert.deepEqual(this.#childrenOf(node), children)
      assert.equal(store.int(node, IntField.childCount), children.length)
    }
    assert.equal(store.contentBytes, bytes)
    const below = [...store.descendants(rootNode)].map((node) => store.pathText(node))
    assert.deepEqual(below, this.#preOrder('/'))
    assert.equal(store.descendantCount(rootNode), model.size - 1)
    for (const path of model.keys())
      assert.equal(store.descendantCount(this.find(path)), this.#preOrder(path).length)
  }

  #childrenOf(node: number): string[] {
    const { store } = this
    const found: string[] = []
    let previous = absent
    for (
      let child = store.int(node, IntField.firstChild);
      child !== absent;
      child = store.int(child, IntField.nextSibling)
    ) {
      assert.equal(store.int(child, IntField.parent), node)
      assert.equal(store.int(child, IntField.previousSibling), previous)
      previous = child
      found.push(store.pathText(child))
    }
    assert.equal(store.int(node, IntField.lastChild), previous)
    return found
  }

  #preOrder(path: string): string[] {
    return this.model.get(path)!.children.flatMap((child) => [child, ...this.#preOrder(child)])
  }
}

const path = fc
  .array(fc.constantFrom('a', 'b', 'c', 'ü'), { minLength: 1, maxLength: 4 })
  .map((names) => `/${names.join('/')}`)
const data = fc.oneof(
  fc.constant(null),
  fc.uint8Array({ maxLength: 40 }),
  fc.constantFrom(16, 17, 40_000).map((length) => new Uint8Array(length).fill(9)),
)
const step = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(fc.constant('create' as const), path) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('remove' as const), path) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('setData' as const), path, data) },
)

test('the store is a tree of plain objects', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120, size: 'max' }), (steps) => {
      const fixture = new Fixture()
      for (const one of steps) {
        if (one[0] === 'create') fixture.create(one[1])
        else if (one[0] === 'remove') fixture.remove(one[1])
        else fixture.setData(one[1], one[2])
      }
      fixture.check()
    }),
    { numRuns: 60 },
  )
})

test('a number that is used again brings nothing of its former node along', () => {
  const fixture = new Fixture()
  fixture.create('/old')
  fixture.setData('/old', utf8Encode('data'))
  const old = fixture.find('/old')
  for (const field of [IntField.version, IntField.ownerHigh, IntField.digest])
    fixture.store.setInt(old, field, 77)
  fixture.store.setLong(old, LongField.mzxid, 99)
  fixture.remove('/old')
  fixture.create('/new')
  const created = fixture.find('/new')
  assert.equal(created, old)
  assert.equal(fixture.store.int(created, IntField.version), 0)
  assert.equal(fixture.store.int(created, IntField.ownerHigh), 0)
  assert.equal(fixture.store.int(created, IntField.digest), 0)
  assert.equal(fixture.store.long(created, LongField.mzxid), 0)
  assert.equal(fixture.store.dataCopy(created), null)
})

test('fields stay with their nodes over many pages', () => {
  const fixture = new Fixture()
  for (let i = 0; i < 10_000; i++) {
    fixture.create(`/${i}`)
    fixture.store.setInt(fixture.find(`/${i}`), IntField.version, i - 5_000)
    fixture.store.setLong(fixture.find(`/${i}`), LongField.czxid, 2 ** 52 + i)
  }
  for (let i = 0; i < 10_000; i += 77) {
    assert.equal(fixture.store.int(fixture.find(`/${i}`), IntField.version), i - 5_000)
    assert.equal(fixture.store.long(fixture.find(`/${i}`), LongField.czxid), 2 ** 52 + i)
  }
})

test('the empty path is the root’s, the parent of what has no slash is none', () => {
  const fixture = new Fixture()
  assert.equal(fixture.find(''), rootNode)
  const bytes = utf8Encode('/a/b')
  assert.equal(fixture.store.findParent(bytes, 0, 2), rootNode)
  assert.equal(fixture.store.findParent(bytes, 1, 2), absent)
  assert.equal(fixture.store.findParent(bytes, 0, 4), absent, 'the parent /a does not exist')
})

test('the stat that clients see counts creates and deletes', () => {
  const { store } = new Fixture()
  store.setInt(rootNode, IntField.cversion, 5)
  store.setInt(rootNode, IntField.ownerHigh, 0x0100_0000)
  store.setInt(rootNode, IntField.ownerLow, -1)
  store.setLong(rootNode, LongField.pzxid, 0x1_0000_0001)
  const bytes = new Uint8Array(70)
  store.writeStat(rootNode, bytes, 1, true)
  const seen = decode(stat, bytes.subarray(1))
  assert.equal(seen.cversion, 10)
  assert.equal(seen.pzxid, 0x1_0000_0001)
  assert.equal(seen.ephemeralOwner, 0x0100_0000_ffff_ffffn)
  assert.equal(seen.dataLength, 0, 'null data has no length')
  store.writeStat(rootNode, bytes, 1, false)
  assert.equal(decode(stat, bytes.subarray(1)).ephemeralOwner, 0n)
  assert.equal(utf8Decode(store.pathCopy(rootNode)), '/')
})
