/** Logs and snapshots that live Apache ZooKeeper servers wrote: the same transactions end in the same tree, digest by digest. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { encode, JuteReader, JuteWriter, makeZxid, txn } from '@quorate/protocol'
import type { Tree } from '@quorate/tree'
import { logRecords, type ParsedImage, parseImage } from './image-parser.ts'
import {
  assertSameTree,
  decodeTxn,
  digestOf,
  emptyTree,
  freshTree,
  picture,
} from './tree-fixture.ts'

function fixture(name: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(`fixtures/${name}`, import.meta.url)))
}

const headerLength = 16

function load(name: string, zxid: number): { readonly tree: Tree; readonly parsed: ParsedImage } {
  const tree = emptyTree()
  const loader = tree.loader()
  const parsed = parseImage(new JuteReader(fixture(name), headerLength), loader)
  loader.finish(zxid)
  return { tree, parsed }
}

/** Applies a log and returns how many of its transactions had a digest, each of which must be the tree's. */
function replay(tree: Tree, records: readonly Uint8Array[]): number {
  let digests = 0
  for (const bytes of records) {
    const { digest, header } = decodeTxn(bytes)
    tree.apply(bytes, 0, bytes.length)
    assert.equal(tree.lastZxid, header.zxid)
    if (digest === undefined) continue
    assert.equal(
      digestOf(tree.digest),
      BigInt.asUintN(64, digest.treeDigest),
      header.zxid.toString(16),
    )
    digests++
  }
  return digests
}

for (const name of ['log.1.from-3.9.6', 'log.100000001.from-3.8.0']) {
  test(`${name}: after each transaction the tree has the digest that Apache wrote`, () => {
    const records = logRecords(fixture(name))
    assert.ok(records.length > 1)
    assert.ok(replay(freshTree(), records) > 1)
  })

  test(`${name}: every record makes the same bytes again`, () => {
    for (const bytes of logRecords(fixture(name)))
      assert.deepEqual(encode(txn, decodeTxn(bytes)), bytes)
  })
}

test('the log of 3.9 leads to its snapshot', () => {
  const tree = freshTree()
  const records = logRecords(fixture('log.1.from-3.9.6')).filter(
    (bytes) => decodeTxn(bytes).header.zxid <= 0xa,
  )
  replay(tree, records)
  const { tree: loaded } = load('snapshot.a.from-3.9.6', 0xa)
  assert.equal(digestOf(loaded.digest), 0x4da02386fn, 'the digest that the snapshot says')
  assertSameTree(loaded, tree)
})

test('the log of 3.8 leads to its snapshot', () => {
  const zxid = makeZxid(1, 2)
  const tree = freshTree()
  const records = logRecords(fixture('log.100000001.from-3.8.0'))
  replay(
    tree,
    records.filter((bytes) => decodeTxn(bytes).header.zxid <= zxid),
  )
  const { tree: loaded } = load('snapshot.100000002.from-3.8.0', zxid)
  assert.equal(digestOf(loaded.digest), 0x23b746023n, 'the digest that the snapshot says')
  // An ensemble writes its membership into the node that a fresh tree has empty.
  const [actual, expected] = [picture(loaded), picture(tree)]
  actual.delete('/zookeeper/config')
  expected.delete('/zookeeper/config')
  assert.deepEqual(actual, expected)
})

for (const [name, zxid] of [
  ['snapshot.a.from-3.9.6', 0xa],
  ['snapshot.100000002.from-3.8.0', makeZxid(1, 2)],
] as const) {
  test(`${name}: what is loaded is written again, node for node`, () => {
    const { tree, parsed } = load(name, zxid)
    const writer = new JuteWriter()
    const image = tree.openImage()
    while (image.writeNext(writer, 100));
    assert.equal(image.zxid, zxid)
    assert.equal(digestOf(image.digest), digestOf(tree.digest))
    const again = parseImage(new JuteReader(writer.copy()))
    const used = new Set(parsed.nodes.map(([, rest]) => rest.slice(-136, -120)))
    assert.deepEqual(new Map(again.nodes), new Map(parsed.nodes))
    assert.deepEqual(again.sessions, parsed.sessions)
    assert.deepEqual(
      new Map(again.acls),
      new Map(parsed.acls.filter(([id]) => used.has(id.toString(16).padStart(16, '0')))),
    )
  })
}

test('an image that is none is refused', () => {
  const whole = fixture('snapshot.a.from-3.9.6')
  const table = new JuteReader(whole, headerLength)
  const { nodes } = parseImage(table)
  const [, ...withoutRoot] = nodes
  const orphan = withoutRoot.filter(([path]) => path !== '/zookeeper')
  for (const wrong of [withoutRoot, [...nodes, nodes[1]], [nodes[0], ...orphan]]) {
    const loader = emptyTree().loader()
    for (const id of [1, 2, 3, 4, 5]) loader.addAcl(id, [])
    assert.throws(
      () => {
        for (const [path, rest] of wrong) {
          const writer = new JuteWriter()
          writer.writeString(path)
          const pathEnd = writer.position
          const bytes = Uint8Array.of(...writer.written(), ...Buffer.from(rest, 'hex'))
          const statAt = bytes.length - 60
          const dataStart = pathEnd + 4
          const isNull = rest.startsWith('ffffffff')
          loader.addNode(bytes, 4, pathEnd, isNull ? -1 : dataStart, statAt - 8, -1, statAt)
        }
        loader.finish(1)
      },
      { code: 'TREE_CORRUPT' },
    )
  }
  assert.throws(() => emptyTree().loader().finish(0), { code: 'TREE_CORRUPT' })
})

test('a node whose ACL no table can have is refused', () => {
  for (const aclId of [0, -2, 2 ** 31, 2 ** 40, -(2 ** 40)]) {
    const loader = emptyTree().loader()
    const bytes = new Uint8Array(60)
    assert.throws(() => loader.addNode(bytes, 0, 0, -1, -1, aclId, 0), { code: 'TREE_CORRUPT' })
  }
})
