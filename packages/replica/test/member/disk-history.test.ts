import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Proposal } from '@quorate/consensus'
import { MemoryDisk, TxnLogReader } from '@quorate/log'
import { type Acl, JuteWriter, makeZxid, openAcl, utf8Encode, type Zxid } from '@quorate/protocol'
import type { DiskHistory } from '@quorate/replica'
import type { Tree } from '@quorate/tree'
import {
  folder,
  proposal,
  proposals,
  range,
  started,
  stateOf,
  streamWithoutAcls,
  TestHistory,
  treeOf,
} from './disk-history-fixture.ts'

test('a first start leaves an empty snapshot and both epochs behind', () => {
  const disk = new MemoryDisk()
  const { history } = started(disk)
  disk.crash()
  assert.deepEqual(disk.list(folder).toSorted(), ['acceptedEpoch', 'currentEpoch', 'snapshot.0'])
  assert.deepEqual([history.lastZxid, history.currentEpoch, history.acceptedEpoch], [0, 0, 0])
  assert.equal(stateOf(history.tree), stateOf(treeOf([])))
})

test('ZOOKEEPER-3644, 3781: a log without a snapshot that is trusted once is whole, and has a snapshot from then on', () => {
  const disk = new MemoryDisk()
  const logged = proposals(1, range(1, 5))
  started(disk).log(logged)
  for (const name of disk.list(folder))
    if (!name.startsWith('log.')) disk.remove(`${folder}/${name}`)
  const upgraded = started(disk, { trustsEmptySnapshot: true })
  assert.equal(stateOf(upgraded.history.tree), stateOf(treeOf(logged)))
  const more = proposals(1, [6])
  upgraded.log(more)
  disk.crash()
  const { history } = started(disk)
  assert.equal(stateOf(history.tree), stateOf(treeOf([...logged, ...more])))
})

test('what was synced is there after a crash, with the newest transactions in memory', () => {
  const disk = new MemoryDisk()
  const logged = proposals(1, range(1, 30))
  started(disk).log(logged)
  disk.crash()
  const { history } = started(disk, { recentCountMax: 7 })
  assert.equal(stateOf(history.tree), stateOf(treeOf(logged)))
  assert.deepEqual(history.recent, logged.slice(-7))
  assert.deepEqual(history.replayed.replayedCount, 30)
})

test('a transaction that was logged but not delivered is applied between two terms', () => {
  const { history } = started(new MemoryDisk())
  const logged = proposals(1, [1, 2])
  for (const one of logged) history.append(one)
  history.sync(() => {})
  assert.deepEqual([history.lastZxid, history.tree.lastZxid], [makeZxid(1, 2), 0])
  for (const one of logged) history.apply(one)
  assert.equal(stateOf(history.tree), stateOf(treeOf(logged)))
})

test('a sync asked for during another follows it and covers all appended since', () => {
  const disk = new MemoryDisk({ isQueued: true })
  const { history } = new TestHistory(disk)
  const told: string[] = []
  history.start(() => told.push('started'))
  while (disk.completeNext());
  history.append(proposal(makeZxid(1, 1)))
  history.sync(() => told.push('first'))
  history.append(proposal(makeZxid(1, 2)))
  history.sync(() => told.push('second'))
  while (disk.completeNext());
  assert.deepEqual(told, ['started', 'first', 'second'])
  disk.crash()
  assert.deepEqual(loggedZxids(disk), [makeZxid(1, 1), makeZxid(1, 2)])
})

test('a truncation waits for the sync under way, and what is appended after it goes behind the cut', () => {
  const disk = new MemoryDisk({ isQueued: true })
  const { history, failures } = new TestHistory(disk)
  const told: string[] = []
  history.start(() => told.push('started'))
  while (disk.completeNext());
  for (const one of proposals(1, range(1, 5))) history.append(one)
  history.sync(() => told.push('synced'))
  history.truncate(makeZxid(1, 3), (isDone) => told.push(`truncated ${isDone}`))
  while (disk.completeNext());
  const next = [...proposals(1, [1, 2, 3]), ...proposals(2, [1, 2], 'b')]
  for (const one of next.slice(3)) history.append(one)
  history.sync(() => told.push('synced'))
  while (disk.completeNext());
  assert.deepEqual(told, ['started', 'synced', 'truncated true', 'synced'])
  assert.deepEqual(failures, [])
  disk.crash()
  const again = new TestHistory(disk)
  again.history.start(() => {})
  while (disk.completeNext());
  assert.equal(stateOf(again.history.tree), stateOf(treeOf(next)))
})

test('ZOOKEEPER-1154, 1156, 1489: a truncation to each zxid ends there, whatever files and snapshots there are', () => {
  const all = proposals(1, range(1, 12))
  for (let kept = 0; kept <= all.length; kept++) {
    const disk = new MemoryDisk()
    const member = started(disk)
    member.log(all.slice(0, 4))
    member.snapshot(disk)
    member.log(all.slice(4, 8))
    member.snapshot(disk)
    member.log(all.slice(8))
    const zxid = all[kept - 1]?.zxid ?? 0
    let isDone: boolean | undefined
    member.history.truncate(zxid, (result) => (isDone = result))
    assert.equal(isDone, true)
    assert.equal(stateOf(member.history.tree), stateOf(treeOf(all.slice(0, kept))))
    const rest = proposals(2, [1, 2], 'b')
    member.log(rest)
    disk.crash()
    const { history } = started(disk)
    assert.equal(stateOf(history.tree), stateOf(treeOf([...all.slice(0, kept), ...rest])))
  }
})

test('a truncation that cannot be done changes nothing, and the log goes on', () => {
  const disk = new MemoryDisk()
  const member = started(disk)
  const state = proposals(1, range(1, 5))
  member.replace(treeOf(state))
  const more = proposals(1, range(6, 8))
  member.log(more)
  for (const zxid of [makeZxid(1, 3), makeZxid(1, 9), makeZxid(0, 4)]) {
    let isDone: boolean | undefined
    member.history.truncate(zxid, (result) => (isDone = result))
    assert.equal(isDone, false)
  }
  const last = proposals(1, [9])
  member.log(last)
  disk.crash()
  const { history } = started(disk)
  assert.equal(stateOf(history.tree), stateOf(treeOf([...state, ...more, ...last])))
})

test('the truncation of a log whose only record is cut leaves room for a file of the same name', () => {
  const disk = new MemoryDisk()
  const member = started(disk)
  member.log(proposals(1, [1]))
  member.history.truncate(0, (isDone) => assert.ok(isDone))
  member.log(proposals(1, [1], 'b'))
  assert.deepEqual(member.failures, [])
  // All that a crash leaves of the next file may be its header.
  const header = disk.contents(`${folder}/log.100000001`).slice(0, 16)
  disk.install(`${folder}/log.100000002`, header)
  const again = started(disk)
  again.log(proposals(1, [2]))
  assert.deepEqual(again.failures, [])
  assert.deepEqual(loggedZxids(disk), [makeZxid(1, 1), makeZxid(1, 2)])
})

test('what was appended and never synced is cut off from, and kept up to there', () => {
  const disk = new MemoryDisk()
  const { history } = started(disk)
  const appended = proposals(1, [1, 2, 3])
  for (const one of appended) history.append(one)
  const before = history.tree
  let isDone = false
  history.truncate(makeZxid(1, 2), (isCut) => (isDone = isCut))
  assert.ok(isDone)
  assert.notEqual(history.tree, before)
  assert.equal(stateOf(history.tree), stateOf(treeOf(appended.slice(0, 2))))
  assert.deepEqual(history.recent, appended.slice(0, 2))
})

test('a transaction that would leave a hole in the log is refused', () => {
  for (const zxid of [makeZxid(1, 3), makeZxid(2, 2), makeZxid(1, 1)]) {
    const member = started(new MemoryDisk())
    member.log(proposals(1, [1]))
    member.history.append(proposal(zxid))
    assert.match(member.failures[0]?.message ?? '', /appended after/)
    assert.equal(member.history.lastZxid, makeZxid(1, 1))
  }
})

test('after a failed sync the member is told once, and nothing is called any more', () => {
  const disk = new MemoryDisk({ failsSync: (count) => count >= 4 })
  const member = started(disk)
  let calls = 0
  const count = (): void => void calls++
  member.history.append(proposal(makeZxid(1, 1)))
  member.history.sync(count)
  member.history.sync(count)
  member.history.append(proposal(makeZxid(1, 2)))
  member.history.truncate(0, count)
  member.history.writeEpoch('currentEpoch', 1, count)
  assert.equal(calls, 0)
  assert.equal(member.failures.length, 1)
})

test('ZOOKEEPER-3701: a disk that fails in a truncation is the end', () => {
  const syncs = { fail: false }
  const disk = new MemoryDisk({ failsSync: () => syncs.fail })
  const member = started(disk)
  member.log(proposals(1, [1, 2]))
  syncs.fail = true
  member.history.truncate(makeZxid(1, 1), () => assert.fail('nothing was cut'))
  assert.equal(member.failures.length, 1)
})

test('the snapshot being written is given up before the history changes', () => {
  const member = started(new MemoryDisk())
  member.log(proposals(1, [1, 2]))
  member.history.truncate(makeZxid(1, 1), () => {})
  member.replace(treeOf(proposals(1, [1, 2, 3])))
  assert.equal(member.abortCount, 2)
})

test('the observer hears of each step in its order', () => {
  const disk = new MemoryDisk()
  const told: string[] = []
  const observer = {
    appended: (zxid: Zxid) => void told.push(`appended ${hex(zxid)}`),
    applied: (zxid: Zxid, _bytes: Uint8Array, _start: number, _end: number, isReplay: boolean) =>
      void told.push(`${isReplay ? 'replayed' : 'applied'} ${hex(zxid)}`),
    synced: (zxid: Zxid) => void told.push(`synced ${hex(zxid)}`),
    loaded: (tree: DiskHistory['tree'], cause: string) =>
      void told.push(`${cause} ${hex(tree.lastZxid)}`),
  }
  const member = started(disk, { observer })
  member.log(proposals(1, [1]))
  member.history.truncate(0, () => {})
  member.replace(treeOf(proposals(2, [1])))
  assert.deepEqual(told, [
    'recovered 0',
    'appended 100000001',
    'synced 100000001',
    'applied 100000001',
    'truncated 0',
    'replaced 200000001',
  ])
})

test('images of a tree are opened one after the other, and who cancels is passed over', () => {
  const { history } = started(new MemoryDisk())
  const opened: string[] = []
  let first: { close(): void } | undefined
  history.openImage((image) => (first = image))
  const second = history.openImage(() => opened.push('second'))
  history.openImage((image) => {
    opened.push('third')
    image.close()
  })
  history.openImage(() => opened.push('fourth'))
  assert.deepEqual(opened, [])
  second.cancel()
  first!.close()
  first!.close()
  assert.deepEqual(opened, ['third', 'fourth'])
})

test('who waits for an image when the state is loaded anew gets one of the new state', () => {
  const member = started(new MemoryDisk())
  member.log(proposals(1, [1, 2]))
  let old: { writeNext(writer: JuteWriter, length: number): boolean; close(): void } | undefined
  let zxid = -1
  member.history.openImage((image) => (old = image))
  member.history.openImage((image) => (zxid = image.zxid))
  member.history.truncate(makeZxid(1, 1), () => {})
  assert.equal(zxid, makeZxid(1, 1))
  assert.equal(old!.writeNext(new JuteWriter(), 1 << 20), false, 'the old image can still be read')
  old!.close()
})

function hex(zxid: Zxid): string {
  return zxid.toString(16)
}

function loggedZxids(disk: MemoryDisk): Zxid[] {
  const reader = new TxnLogReader({ disk, directory: folder, after: 0 })
  const zxids: Zxid[] = []
  while (reader.next()) zxids.push(reader.zxid)
  return zxids
}

function aclOf(tree: Tree, { zxid }: Proposal): readonly Acl[] {
  const path = utf8Encode(`/n${zxid.toString(16)}`)
  return tree.acl(tree.nodes.find(path, 0, path.length))
}

test('ZOOKEEPER-4846: a state whose nodes lack their ACLs is taken, and their transactions put that right, also after a restart', () => {
  const disk = new MemoryDisk()
  const logged = proposals(1, [1, 2])
  const member = started(disk)
  assert.ok(member.replaceBy(streamWithoutAcls(treeOf(logged)), 0))
  assert.deepEqual(member.failures, [])
  const { tree } = member.history
  assert.equal(aclOf(tree, logged[0])[0].perms, 0)
  member.log(logged)
  disk.crash()
  const again = started(disk)
  for (const one of [tree, again.history.tree]) {
    assert.deepEqual(
      logged.map((it) => aclOf(one, it)),
      [openAcl, openAcl],
    )
    // That of /zookeeper/config, which none of these transactions made.
    assert.equal(one.lostAclIds.length, 1)
  }
})
