import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryDisk } from '@quorate/log'
import { makeZxid, purePlatform } from '@quorate/protocol'
import { DisklessHistory, type HistoryObserver } from '@quorate/replica'
import {
  folder,
  proposals,
  range,
  root,
  started,
  stateOf,
  streamOf,
  treeOf,
} from './disk-history-fixture.ts'

const logged = proposals(1, range(1, 20))

/** A history without a disk over one that holds {@link logged}, and all bytes of that disk. */
function fixture() {
  const disk = new MemoryDisk()
  started(disk).log(logged)
  const failures: Error[] = []
  const causes: string[] = []
  let abortCount = 0
  const observer: HistoryObserver = {
    appended: () => causes.push('appended'),
    applied: () => {},
    synced: () => causes.push('synced'),
    loaded: (_tree, cause) => causes.push(cause),
  }
  const history = new DisklessHistory({
    disk,
    dataDirectory: root,
    logDirectory: root,
    treeOptions: { platform: purePlatform, extendedTypesEnabled: true },
    platform: purePlatform,
    recentCountMax: 7,
    failed: (error) => failures.push(error),
    abortSnapshot: () => abortCount++,
    observer,
  })
  let isStarted = false
  history.start(() => (isStarted = true))
  assert.ok(isStarted)
  return { disk, history, failures, causes, aborted: () => abortCount }
}

function contentsOf(disk: MemoryDisk): readonly (readonly [string, Uint8Array])[] {
  return disk
    .list(folder)
    .toSorted()
    .map((name) => [name, disk.contents(`${folder}/${name}`)])
}

test('it begins with what is on the disk, and what is logged, synced and accepted after it stays in memory', () => {
  const { disk, history, failures, causes } = fixture()
  assert.equal(stateOf(history.tree), stateOf(treeOf(logged)))
  assert.deepEqual(history.recent, logged.slice(-7))
  const before = contentsOf(disk)
  const more = proposals(2, range(1, 5))
  for (const one of more) history.append(one)
  history.sync(() => {
    for (const one of more) history.apply(one)
  })
  for (const name of ['acceptedEpoch', 'currentEpoch'] as const)
    history.writeEpoch(name, 2, () => {})
  assert.equal(history.lastZxid, makeZxid(2, 5))
  assert.deepEqual([history.acceptedEpoch, history.currentEpoch], [2, 2])
  assert.equal(stateOf(history.tree), stateOf(treeOf([...logged, ...more])))
  let isClosed = false
  history.close(() => (isClosed = true))
  assert.ok(isClosed)
  assert.deepEqual(contentsOf(disk), before)
  assert.deepEqual(causes, ['recovered'])
  assert.deepEqual(failures, [])
  const { history: back } = started(disk)
  assert.equal(stateOf(back.tree), stateOf(treeOf(logged)))
  assert.deepEqual([back.acceptedEpoch, back.currentEpoch], [1, 0])
})

test('it is not cut: the leader is asked for a whole state, which is taken in parts and never written', () => {
  const { disk, history, failures, causes, aborted } = fixture()
  const before = contentsOf(disk)
  let isCut: boolean | undefined
  history.truncate(makeZxid(1, 10), (isDone) => (isCut = isDone))
  assert.equal(isCut, false)
  const tree = treeOf([...logged.slice(0, 10), ...proposals(3, range(1, 3_000), 'b')])
  const stream = streamOf(tree)
  const receiver = history.receiveState(tree.lastZxid)
  for (let at = 0; at < stream.length; at += 1_000)
    receiver.push(stream, at, Math.min(at + 1_000, stream.length))
  assert.equal(stateOf(history.tree), stateOf(treeOf(logged)))
  let isInstalled = false
  receiver.install(() => (isInstalled = true))
  assert.ok(isInstalled)
  assert.equal(aborted(), 1)
  assert.equal(stateOf(history.tree), stateOf(tree))
  assert.equal(history.lastZxid, tree.lastZxid)
  assert.deepEqual(history.recent, [])
  assert.deepEqual(causes, ['recovered', 'held'])
  assert.deepEqual(contentsOf(disk), before)
  assert.deepEqual(failures, [])
})

test('a state that is cut off leaves the one before', () => {
  const { history, failures } = fixture()
  const stream = streamOf(treeOf(logged))
  const receiver = history.receiveState(makeZxid(1, 20))
  receiver.push(stream, 0, stream.length - 1)
  assert.throws(() => receiver.install(() => {}), /was cut off/)
  receiver.abort()
  assert.equal(stateOf(history.tree), stateOf(treeOf(logged)))
  assert.deepEqual(failures, [])
})
