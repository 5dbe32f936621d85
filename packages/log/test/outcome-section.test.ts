import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  listSnapshots,
  MemoryDisk,
  readSnapshot,
  SnapshotWriter,
  type SnapshotWriterOptions,
  writeSnapshot,
} from '@quorate/log'
import { encode, OpCode, txn } from '@quorate/protocol'
import { Tree } from '@quorate/tree'
import { rethrow } from './log-builder.ts'
import { RecordingTree } from './recording-tree.ts'
import { newTree, outcomesOf, session, treeWithChanges } from './outcome-trees.ts'

const directory = '/data/version-2'

function written(tree: Tree, options: Partial<SnapshotWriterOptions> = {}): MemoryDisk {
  const disk = new MemoryDisk()
  disk.makeDirectory(directory)
  writeSnapshot(new SnapshotWriter(disk, directory, tree.openImage(), options), rethrow)
  return disk
}

function loaded(disk: MemoryDisk): Tree {
  const tree = newTree()
  readSnapshot({ disk, snapshot: listSnapshots(disk, directory)[0], loader: tree.loader() })
  return tree
}

test('outcomes come back from a snapshot, in slices of any size', () => {
  const tree = treeWithChanges(50)
  for (const sliceBytes of [1, 300, 100_000]) {
    const copy = loaded(written(tree, { sliceBytes }))
    assert.deepEqual(outcomesOf(copy), outcomesOf(tree))
    assert.equal(copy.outcomes.find(session, 51, 0).type, 'neverApplied')
  }
})

test('a tree without outcomes is known to have had none', () => {
  const tree = treeWithChanges(0)
  const header = { clientId: session, cxid: 0, zxid: 7, time: 5, type: OpCode.createSession }
  const body = { type: OpCode.createSession, timeOut: 5_000 } as const
  const bytes = encode(txn, { header, body, digest: undefined })
  tree.apply(bytes, 0, bytes.length)
  assert.equal(loaded(written(tree)).outcomes.find(session, 1, 0).type, 'neverApplied')
})

test('a snapshot from which another section is missing has no outcomes, and its reader knows that', () => {
  for (const options of [{ writesDigest: false }, { writesLastZxid: false }]) {
    const copy = loaded(written(treeWithChanges(5), options))
    assert.deepEqual(outcomesOf(copy), [])
    assert.equal(copy.outcomes.find(session, 3, 0).type, 'unknown')
    assert.equal(copy.outcomes.find(session, 3, 5).type, 'neverApplied')
  }
})

test('a loader that wants no outcomes passes them over', () => {
  const disk = written(treeWithChanges(5))
  const tree = new RecordingTree()
  readSnapshot({ disk, snapshot: listSnapshots(disk, directory)[0], loader: tree })
  assert.equal(tree.zxid, 5)
})

test('damage to the outcomes is damage to the snapshot', () => {
  const plain = written(treeWithChanges(3), { writesLastZxid: false })
  const disk = written(treeWithChanges(3))
  const [name] = disk.list(directory)
  const path = `${directory}/${name}`
  const length = disk.contents(path).length
  const begin = plain.contents(`${directory}/${plain.list(directory)[0]}`).length
  for (let at = begin; at < length; at += 3) {
    disk.flip(path, at, 0x41)
    assert.throws(() => loaded(disk), { code: /^SNAPSHOT_(DAMAGED|SEAL)$/ }, `byte ${at}`)
    disk.flip(path, at, 0x41)
  }
  loaded(disk)
})
