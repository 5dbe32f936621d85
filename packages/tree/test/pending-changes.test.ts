import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Acl, Perms, purePlatform, utf8Encode } from '@quorate/protocol'
import { PendingChanges } from '../src/pending-changes.ts'
import { TreeState } from '../src/tree-state.ts'

function acl(user: number): readonly Acl[] {
  return [{ perms: Perms.all, id: { scheme: 'digest', id: `user${user}:hash` } }]
}

/** Writes names into one buffer, as the preparer does with sequential ones. */
class SharedBuffer {
  readonly bytes = new Uint8Array(64)

  write(path: string): number {
    this.bytes.fill(0)
    this.bytes.set(utf8Encode(path))
    return path.length
  }
}

test('a multi that is taken back leaves no node, whatever became of the buffers its names were in', () => {
  const state = new TreeState(purePlatform, true)
  const changes = new PendingChanges(state)
  const buffer = new SharedBuffer()
  const aclId = state.acls.intern(acl(1))
  changes.beginMulti()
  for (const path of ['/a/x-0000000000', '/b/longer-0000000000']) {
    const end = buffer.write(path)
    changes.commit(changes.editNew(buffer.bytes, 0, end, { zxid: 1, aclId }))
  }
  changes.rollBackMulti()
  assert.deepEqual([...changes.edited()], [])
  assert.equal(changes.removedCount, changes.queuedCount)
  assert.deepEqual([changes.digest.high, changes.digest.low], [0, 0])
})

test('an ACL that only a taken-back multi used is given up', () => {
  const state = new TreeState(purePlatform, true)
  const changes = new PendingChanges(state)
  const buffer = new SharedBuffer()
  for (let i = 0; i < 100; i++) {
    const aclId = state.acls.intern(acl(i))
    changes.beginMulti()
    for (const path of ['/a', '/b']) {
      const end = buffer.write(path)
      changes.commit(changes.editNew(buffer.bytes, 0, end, { zxid: 1, aclId }))
    }
    changes.rollBackMulti()
  }
  assert.ok(state.acls.size <= 32, `${state.acls.size} lists are kept`)
})

test('names of a megabyte do not stay behind in what is used again', () => {
  const state = new TreeState(purePlatform, true)
  const changes = new PendingChanges(state)
  const long = new Uint8Array(1_000_000).fill(0x61)
  changes.beginRequest()
  const node = changes.editNew(long, 0, long.length, { zxid: 1, aclId: -1 })
  changes.commit(node)
  changes.applied(1)
  changes.beginRequest()
  const next = changes.editNew(long, 0, 1, { zxid: 2, aclId: -1 })
  assert.ok(next.bytes.length < 10_000)
})
