import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  MemoryDisk,
  readSnapshot,
  type SnapshotSections,
  StateSpool,
  StateStreamScanner,
  StateTail,
} from '@quorate/log'
import { JuteWriter } from '@quorate/protocol'
import { Tree } from '@quorate/tree'
import { newTree, outcomesOf, session, treeWithChanges } from './outcome-trees.ts'

const directory = '/log/version-2'
const changeCount = 40

function streamOf(tree: Tree, { hasTail = true, sliceBytes = 1 << 20 } = {}): Uint8Array {
  const writer = new JuteWriter()
  const image = tree.openImage()
  const tail = new StateTail(image)
  while (image.writeNext(writer, sliceBytes));
  if (hasTail) while (tail.writeNext(writer, sliceBytes));
  image.close()
  writer.writeString('BenWasHere')
  return writer.copy()
}

interface Spooled {
  readonly tree: Tree
  readonly sections: SnapshotSections
  readonly file: Uint8Array
}

function spooled(stream: Uint8Array, partBytes: number, keepsTail = true): Spooled {
  const disk = new MemoryDisk()
  const spool = new StateSpool({
    disk,
    directory,
    zxid: changeCount,
    attempt: 1,
    keepsTail,
    failed: assert.ifError,
  })
  for (let at = 0; at < stream.length; at += partBytes)
    spool.push(stream, at, Math.min(at + partBytes, stream.length))
  assert.ok(spool.isComplete)
  spool.seal(() => {})
  const tree = newTree()
  const { path } = spool
  const snapshot = { name: '', path, zxid: changeCount, compression: 'none' } as const
  const sections = readSnapshot({ disk, snapshot, loader: tree.loader() })
  return { tree, sections, file: disk.contents(path) }
}

test('a tail becomes the sections of a snapshot file, in whatever parts it comes', () => {
  const tree = treeWithChanges(changeCount)
  const stream = streamOf(tree, { sliceBytes: 100 })
  assert.deepEqual(stream, streamOf(tree))
  for (const partBytes of [1, 2, 13, 1_000, stream.length]) {
    const got = spooled(stream, partBytes)
    assert.deepEqual(outcomesOf(got.tree), outcomesOf(tree))
    assert.equal(got.tree.outcomes.find(session, changeCount + 1, 0).type, 'neverApplied')
    const { high, low } = tree.digest
    const digest = { zxid: changeCount, halves: { high, low } }
    assert.deepEqual(got.sections, { digest, lastZxid: changeCount })
  }
})

test('a stream without a tail is the file that it always was', () => {
  const tree = treeWithChanges(changeCount)
  const plain = spooled(streamOf(tree, { hasTail: false }), 7)
  assert.deepEqual(plain.sections, { digest: undefined, lastZxid: undefined })
  assert.equal(plain.tree.outcomes.find(session, 1, 0).type, 'unknown')
  const passedOver = spooled(streamOf(tree), 7, false)
  assert.deepEqual(passedOver.file, plain.file, 'where snapshots may hold none it is passed over')
})

test('a tree at the first zxid has no tail', () => {
  const tree = newTree()
  tree.createSystemNodes()
  assert.deepEqual(streamOf(tree), streamOf(tree, { hasTail: false }))
})

test('a tail that can not be is refused', () => {
  const stream = streamOf(treeWithChanges(changeCount))
  const tailAt = streamOf(treeWithChanges(changeCount), { hasTail: false }).length - 14
  const spoil = (at: number, byte: number): Uint8Array => {
    const spoiled = stream.slice()
    spoiled[tailAt + at] = byte
    return spoiled
  }
  // Its magic, that of the section, the first byte of its length, and the last but two of it.
  for (const [at, byte] of [
    [0, 0x52],
    [12, 0],
    [20, 0xff],
    [27, 1],
  ] as const) {
    const spoiled = spoil(at, byte)
    const scanner = new StateStreamScanner()
    assert.throws(() => scanner.scan(spoiled, 0, spoiled.length), { code: 'STATE_STREAM_BAD' })
  }
})
