import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorCode, OpCode, openAcl, type TxnBody } from '@quorate/protocol'
import { Memberships } from '../../src/checkers/memberships.ts'
import { NodeRemovals } from '../../src/checkers/node-removals.ts'
import { QuotaLimits } from '../../src/checkers/quota-limits.ts'
import type { Observation } from '../../src/history/observation.ts'
import { countLimit, quotaRoot } from '../../src/workload/quotas.ts'
import {
  applied,
  createBody,
  judged,
  replied,
  type Subject,
  txnOf,
  verdict,
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

const judge = (...history: Observation[]): string | undefined => verdict(new Memberships(), history)

const has = (server: string, version: string, members: string): Observation => ({
  type: 'membershipChanged',
  server,
  text: `${members}\nversion=${version}`,
})

test('memberships: a version is one membership, and no server goes back', () => {
  assert.equal(judge(has('a', '0', 'x'), has('b', '0', 'y'), has('a', '1f', 'z')), undefined)
  assert.match(judge(has('a', '1f', 'x'), has('b', '1f', 'y'))!, /b has another membership 1f/)
  assert.match(judge(has('a', '1f', 'x'), has('a', '1e', 'y'))!, /a goes back from membership 1f/)
  const crash: Observation = {
    type: 'serverEnded',
    server: 'a',
    losesPower: true,
    losesDisk: false,
  }
  assert.equal(judge(has('a', '1f', 'x'), crash, has('a', '1e', 'y')), undefined)
})
