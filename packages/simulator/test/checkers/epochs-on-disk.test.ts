import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Zxid } from '@quorate/protocol'
import { EpochsOnDisk } from '../../src/checkers/epochs-on-disk.ts'
import type { Observation } from '../../src/history/observation.ts'
import { judged, proposed, recovered, setBody, txnOf } from './wrong-history.ts'

const epoch = 0x1_0000_0000

function judge(...observations: readonly Observation[]): string | undefined {
  return judged((history) => new EpochsOnDisk(history), observations)
}

const loads = (server: string, zxid: Zxid): Observation => ({
  type: 'loaded',
  server,
  cause: 'recovered',
  view: recovered(zxid).view,
})
const logs = (server: string, zxid: Zxid): Observation => ({
  ...proposed(txnOf(zxid, setBody('/x', zxid % epoch), zxid % epoch)),
  server,
})
const syncs = (server: string, zxid: Zxid): Observation => ({ type: 'synced', server, zxid })
const hasEpoch = (server: string, of: number): Observation => ({
  type: 'epochOnDisk',
  server,
  epoch: of,
})
const leads = (server: string, of: number): Observation => ({
  type: 'termStarted',
  server,
  role: 'leading',
  epoch: of,
  lastZxid: epoch + 1,
})
const knows = (server: string): Observation => ({
  type: 'membershipChanged',
  server,
  text: [1, 2, 3].map((id) => `server.${id}=s${id}:2888:3888:participant`).join('\n'),
})
const losesDisk = (server: string): Observation => ({
  type: 'serverEnded',
  server,
  losesPower: true,
  losesDisk: true,
})

/** server1 has a transaction on its disk, and takes epoch 2. */
const begun = [
  knows('server1'),
  loads('server1', 0),
  loads('server2', 0),
  loads('server3', 0),
  logs('server1', epoch + 1),
  syncs('server1', epoch + 1),
  logs('server2', epoch + 1),
  hasEpoch('server1', 2),
]

test('epochs-on-disk: who takes an epoch has all that its leader began with', () => {
  assert.equal(judge(...begun, syncs('server2', epoch + 1), hasEpoch('server2', 2)), undefined)
  assert.match(
    judge(...begun, hasEpoch('server2', 2))!,
    /server2 has epoch 2 on its disk and its log up to 0; the leader of that epoch began with 1:1/,
  )
})

test('epochs-on-disk: what was on a disk counts until it is cut off or the disk is lost', () => {
  const cut: Observation = { type: 'historyCut', server: 'server2', zxid: 0 }
  const has = syncs('server2', epoch + 1)
  assert.match(judge(...begun, has, cut, hasEpoch('server2', 2))!, /its log up to 0/)
  assert.match(
    judge(...begun, has, losesDisk('server2'), hasEpoch('server2', 2))!,
    /its log up to 0/,
  )
})

test('epochs-on-disk: a leader starts when a quorum has its epoch on disk', () => {
  const second = [syncs('server2', epoch + 1), hasEpoch('server2', 2)]
  assert.equal(judge(...begun, ...second, leads('server1', 2)), undefined)
  assert.match(
    judge(...begun, leads('server1', 2))!,
    /server1 leads epoch 2, which is on the disks of server1 of server1, server2, server3/,
  )
})

test('epochs-on-disk: a disk that is lost counts as if it were there, until it has an epoch again', () => {
  assert.equal(judge(...begun, losesDisk('server3'), leads('server1', 2)), undefined)
  assert.match(
    judge(...begun, losesDisk('server3'), hasEpoch('server3', 0), leads('server1', 2))!,
    /on the disks of server1 of/,
  )
})

test('epochs-on-disk: an epoch never goes back, but on another disk', () => {
  assert.match(judge(...begun, hasEpoch('server1', 1))!, /server1 goes back to epoch 1 .* from 2/)
  assert.equal(judge(...begun, losesDisk('server1'), hasEpoch('server1', 0)), undefined)
})
