import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorCode, OpCode, openAcl, type TxnBody, utf8Encode } from '@quorate/protocol'
import { Memberships } from '../../src/checkers/memberships.ts'
import { NodeRemovals } from '../../src/checkers/node-removals.ts'
import { QuotaLimits } from '../../src/checkers/quota-limits.ts'
import type { Observation } from '../../src/history/observation.ts'
import { countLimit, quotaRoot } from '../../src/workload/quotas.ts'
import {
  applied,
  createBody,
  judged,
  proposed,
  replied,
  type Subject,
  txnOf,
} from './wrong-history.ts'

/** One transaction after another, each a second after the one before. */
function txns(...bodies: readonly TxnBody[]): Observation[] {
  return bodies.map((body, at) => {
    const txn = txnOf(at + 1, body)
    return applied({ ...txn, header: { ...txn.header, time: 1_000 * at } })
  })
}

const nodeRemovals: Subject = (_history, committed) => new NodeRemovals(committed)
const data = new Uint8Array(0)
const node = { data, acl: openAcl, parentCVersion: 1 }
const container: TxnBody = { type: OpCode.createContainer, path: '/c', ...node }
const shortLived: TxnBody = { type: OpCode.createTTL, path: '/t', ttl: 1_500, ...node }
const removes = (path: string): TxnBody => ({ type: OpCode.deleteContainer, path })
const remove = (path: string): TxnBody => ({ type: OpCode.delete, path })

test('node-removals: a container goes when its last child is gone, and not before it had one', () => {
  const used = [container, createBody('/c/x'), remove('/c/x')]
  assert.equal(judged(nodeRemovals, txns(...used, removes('/c'))), undefined)
  assert.match(judged(nodeRemovals, txns(container, removes('/c')))!, /never used/)
  assert.match(judged(nodeRemovals, txns(...used.slice(0, 2), removes('/c')))!, /1 children/)
  assert.match(judged(nodeRemovals, txns(...used, removes('/d')))!, /not there/)
})

test('node-removals: a node with a time to live goes when it is over', () => {
  assert.match(judged(nodeRemovals, txns(shortLived, removes('/t')))!, /1000 ms old, with 1500/)
  const later = txns(shortLived, createBody('/x'), removes('/t'))
  assert.equal(judged(nodeRemovals, later), undefined)
  assert.match(judged(nodeRemovals, txns(createBody('/x'), removes('/x')))!, /is to stay/)
})

const quotaLimits: Subject = (history) => new QuotaLimits(history)
const limits = createBody(`/zookeeper/quota${quotaRoot}/zookeeper_limits`)
const nodes = (count: number): TxnBody[] =>
  Array.from({ length: count }, (_, at) => createBody(`${quotaRoot}/n${at}`))
const refused: TxnBody = { type: OpCode.error, err: ErrorCode.QuotaExceeded }

test('quota-limits: nothing grows beyond what is allowed, once anything was refused', () => {
  const start = [limits, createBody(quotaRoot), refused]
  assert.equal(judged(quotaLimits, txns(...start, ...nodes(countLimit - 1))), undefined)
  assert.match(
    judged(quotaLimits, txns(...start, ...nodes(countLimit)))!,
    /makes \/limited 9 nodes, of which 8/,
  )
  assert.equal(judged(quotaLimits, txns(limits, ...nodes(countLimit + 5))), undefined, 'no limits')
})

test('quota-limits: what is shown is what is there', () => {
  const read = {
    type: 'getData',
    path: `/zookeeper/quota${quotaRoot}/zookeeper_stats`,
    watch: false,
  } as const
  const history = txns(limits, createBody(quotaRoot), ...nodes(2))
  const shows = (zxid: number, text: string): string | undefined =>
    judged(quotaLimits, [...history, replied(1, zxid, read, { answer: { data: text } })])
  assert.equal(shows(4, 'count=3,bytes=0'), undefined)
  assert.match(shows(3, 'count=3,bytes=0')!, /expected is count=2,bytes=0/)
})

const memberships: Subject = (history) => new Memberships(history)
const judge = (...history: Observation[]): string | undefined => judged(memberships, history)

const has = (server: string, version: number, members: string): Observation => ({
  type: 'membershipChanged',
  server,
  text: `${members}\nversion=${version.toString(16)}`,
})
const epoch = 0x1_0000_0000
const leads = (server: string, epochNumber: number, lastZxid: number): Observation => ({
  type: 'termStarted',
  server,
  role: 'leading',
  epoch: epochNumber,
  lastZxid,
})
const restart = (server: string): Observation => leads(server, 2, epoch + 1)
const lines = (...voters: number[]): string =>
  voters.map((id) => `server.${id}=h${id}:1:2:participant`).join('\n')
const on = <O extends Observation>(server: string, observation: O): O => ({
  ...observation,
  server,
})

/** A leader of servers 1 to 3 makes these the voters by its first transaction. */
function reconfigures(...voters: number[]): readonly Observation[] {
  const text = utf8Encode(`${lines(...voters)}\nversion=${(epoch + 1).toString(16)}`)
  const body = {
    type: OpCode.reconfig,
    path: '/zookeeper/config',
    data: text,
    version: -1,
  } as const
  const txn = txnOf(epoch + 1, body, 1)
  return [
    has('server1', 0, lines(1, 2, 3)),
    leads('server1', 1, 0),
    on('server1', proposed(txn)),
    on('server1', applied(txn)),
  ]
}

test('memberships: a version is one membership, and no server goes back', () => {
  const second = epoch + epoch
  assert.equal(judge(has('a', 0, 'x'), has('b', 0, 'y'), has('a', epoch, 'z')), undefined)
  assert.match(judge(has('a', epoch, 'x'), has('b', epoch, 'y'))!, /b has another membership 1000/)
  assert.match(judge(has('a', second, 'x'), has('a', epoch, 'y'))!, /a goes back from membership 2/)
  const crash: Observation = {
    type: 'serverEnded',
    server: 'a',
    losesPower: true,
    losesDisk: false,
  }
  assert.equal(judge(has('a', second, 'x'), crash, has('a', epoch, 'y')), undefined)
})

test('memberships: one that comes into force is that of a committed transaction', () => {
  assert.match(judge(has('a', epoch + 1, 'x'))!, /a has the membership 1:1 in force, which is not/)
  const committed = [...reconfigures(1, 2), has('server2', epoch + 1, 'x')]
  assert.equal(judge(...committed), undefined)
})

test('memberships: only voters lead, and none leads on without its vote', () => {
  assert.equal(judge(...reconfigures(1, 2), restart('server2')), undefined)
  assert.match(
    judge(...reconfigures(1, 2), restart('server3'))!,
    /server3 leads epoch 2 and is no voter of membership 1:1/,
  )
  const more = [createBody('/a')].map((body) => txnOf(epoch + 2, body, 2))
  const goesOn = more.flatMap((txn) => [on('server1', proposed(txn)), on('server1', applied(txn))])
  assert.equal(judge(...reconfigures(1, 2), ...goesOn), undefined)
  assert.match(
    judge(...reconfigures(2, 3), ...goesOn)!,
    /server1 delivers 1:2 as leader, behind the end of its vote/,
  )
})
