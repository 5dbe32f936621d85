import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OpCode, type Txn, utf8Encode, type Zxid } from '@quorate/protocol'
import { CommitQuorum } from '../../src/checkers/commit-quorum.ts'
import { LeaderEpochs } from '../../src/checkers/leader-epochs.ts'
import { TotalOrder } from '../../src/checkers/total-order.ts'
import type { Observation, TermStarted } from '../../src/history/observation.ts'
import { TxnHistory } from '../../src/history/txn-history.ts'
import {
  applied,
  createBody,
  judged,
  proposed,
  recovered,
  setBody,
  type Subject,
  txnOf,
  verdict,
} from './wrong-history.ts'

const epoch = 0x1_0000_0000

function order(...history: readonly (Observation | readonly Observation[])[]): string | undefined {
  return verdict(new TotalOrder(new TxnHistory()), history.flat())
}

const on = <O extends Observation>(server: string, observation: O): O => ({
  ...observation,
  server,
})
/** Xids and versions are ints. */
const xidOf = (zxid: Zxid): number => (zxid % epoch) + 1_000 * Math.floor(zxid / epoch)
const set = (zxid: Zxid, cxid: number): Txn => txnOf(zxid, setBody('/x', xidOf(zxid)), cxid)
const logs = (server: string, zxid: Zxid, cxid = xidOf(zxid)): Observation =>
  on(server, proposed(set(zxid, cxid)))
const delivers = (server: string, zxid: Zxid): Observation =>
  on(server, applied(set(zxid, xidOf(zxid))))
const replays = (server: string, zxid: Zxid): Observation =>
  on(server, applied(set(zxid, xidOf(zxid)), true))
const loads = (server: string, zxid: Zxid): Observation => ({
  type: 'loaded',
  server,
  cause: 'recovered',
  view: recovered(zxid).view,
})
const starts = (
  server: string,
  role: TermStarted['role'],
  inEpoch: number,
  lastZxid: Zxid,
): TermStarted => ({ type: 'termStarted', server, role, epoch: inEpoch, lastZxid })
const ends = (server: string): Observation => ({
  type: 'serverEnded',
  server,
  losesPower: true,
  losesDisk: false,
})
const cuts = (server: string, zxid: Zxid): Observation => ({ type: 'historyCut', server, zxid })
const syncs = (server: string, zxid: Zxid): Observation => ({ type: 'synced', server, zxid })

/** Two servers in their first epoch, with one transaction that is committed. */
const begun = [
  loads('a', 0),
  loads('b', 0),
  starts('a', 'leading', 1, 0),
  starts('b', 'following', 1, 0),
  logs('a', epoch + 1),
  logs('b', epoch + 1),
  delivers('a', epoch + 1),
  delivers('b', epoch + 1),
]

test('total-order: servers deliver the same bytes at the same zxid', () => {
  assert.equal(order(begun), undefined)
  const other = on('b', applied(txnOf(epoch + 1, createBody('/y'), 7)))
  assert.match(order(begun.slice(0, -1), other)!, /b has another transaction 1:1/)
  const first = applied(txnOf(1, setBody('/x', 1)))
  assert.equal(order(first, first), 'server1 applies 1 after 1; before it comes 0')
})

test('total-order: a replay has the bytes of before', () => {
  const first = applied(txnOf(1, setBody('/x', 1)))
  assert.equal(order(first, { ...first, isReplay: true }), undefined)
  assert.match(order(first, applied(txnOf(1, setBody('/y', 1)), true))!, /another transaction 1/)
})

test('total-order: zxids are delivered and logged without a gap', () => {
  assert.match(order(begun, logs('a', epoch + 3))!, /a has 1:3 behind 1:1/)
  const ahead = [logs('a', epoch + 2), logs('a', epoch + 3)]
  assert.match(order(begun, ahead, logs('b', epoch + 3))!, /b logs 1:3 behind 1:1/)
  assert.match(order(begun, ahead, delivers('a', epoch + 3))!, /a applies 1:3 after 1:1/)
  assert.match(order(applied(txnOf(2, setBody('/x', 1))))!, /has 2 behind 0/)
})

test('total-order: a leader proposes in its own epoch', () => {
  assert.match(order(begun, logs('a', 2 * epoch + 1))!, /proposes 2:1 while it leads epoch 1/)
})

/** b leads next, and a had logged one more that nobody else has. */
const failedOver = [
  ...begun,
  logs('a', epoch + 2),
  ends('a'),
  loads('b', epoch + 1),
  starts('b', 'leading', 2, epoch + 1),
  logs('b', 2 * epoch + 1),
  delivers('b', 2 * epoch + 1),
]

test('total-order: a logged end that was never committed may come back, and must go', () => {
  const back = [replays('a', epoch + 1), replays('a', epoch + 2), loads('a', epoch + 2)]
  const cut = [cuts('a', epoch + 1), loads('a', epoch + 1)]
  const inStep = [logs('a', 2 * epoch + 1), delivers('a', 2 * epoch + 1)]
  const served = starts('a', 'following', 2, 2 * epoch + 1)
  assert.equal(order(failedOver, back, cut, inStep, served), undefined)
  assert.match(order(failedOver, back, inStep)!, /a logs 2:1 behind 1:2; before it comes 1:1/)
  assert.match(
    order(failedOver, back, starts('a', 'following', 2, epoch + 2))!,
    /from 1:2, which is not committed/,
  )
})

test('total-order: a logged end becomes committed with the leader that has it', () => {
  const next = [
    ...begun,
    logs('a', epoch + 2),
    ends('a'),
    loads('a', epoch + 2),
    starts('a', 'leading', 2, epoch + 2),
  ]
  assert.equal(order(next), undefined)
  const short = [loads('b', epoch + 1), starts('b', 'following', 2, epoch + 1)]
  assert.match(order(next, short)!, /b is following in epoch 2 from 1:1; its leader began with 1:2/)
})

test('total-order: a leader has all that was committed before', () => {
  const lost = [ends('b'), loads('b', 0), starts('b', 'leading', 2, 0)]
  assert.match(order(begun, lost)!, /b starts to lead epoch 2 from 0 and lacks the committed 1:1/)
  const fork = [ends('b'), loads('b', 0), on('b', applied(txnOf(1, setBody('/x', 1)), true))]
  assert.match(
    order(begun, fork, starts('b', 'leading', 2, 1))!,
    /1 stands behind 0, without the committed 1:1/,
  )
})

test('total-order: the leader of an earlier epoch may learn late that it was one', () => {
  const late = [loads('c', 0), starts('c', 'leading', 1, 0)]
  assert.equal(
    order(loads('a', 0), starts('a', 'leading', 2, 0), delivers('a', 2 * epoch + 1), late),
    undefined,
  )
})

test('total-order: nothing committed is cut off, and what is cut to is in the log', () => {
  assert.match(
    order(failedOver, loads('a', epoch + 2), cuts('a', 0))!,
    /a cuts its log at 0, and has the history of its leader up to 1:1/,
  )
  assert.match(order(begun, cuts('b', 9))!, /nobody logged/)
  assert.match(
    order(failedOver, loads('a', epoch + 2), cuts('a', 2 * epoch + 1))!,
    /cuts its log at 2:1, which is not in it/,
  )
})

test('total-order: what was durable and committed is there after a crash', () => {
  const crash = [ends('b'), loads('b', 0)]
  assert.equal(order(begun, crash), undefined)
  assert.match(order(begun, syncs('b', epoch + 1), crash)!, /had made the committed 1:1 durable/)
  const replaced: Observation = {
    type: 'serverEnded',
    server: 'b',
    losesPower: true,
    losesDisk: true,
  }
  assert.equal(order(begun, syncs('b', epoch + 1), replaced, loads('b', 0)), undefined)
})

test('total-order: a server that is alone keeps what it has delivered', () => {
  const alone = [delivers('server1', 1), logs('server1', 2)]
  const again = logs('server1', 2, 77)
  assert.equal(order(alone, recovered(1), again), undefined, 'its logged end may go')
  assert.equal(order(alone, recovered(2)), undefined, 'or stay')
  assert.match(order(alone, recovered(0))!, /came back with 0 and lacks the committed 1/)
  assert.match(order(alone, recovered(3))!, /nobody logged/)
})

const epochs = (...history: Observation[]): string | undefined =>
  verdict(new LeaderEpochs(), history)

test('leader-epochs: an epoch has one leader, once', () => {
  const first = starts('a', 'leading', 1, 0)
  const over: Observation = { type: 'termEnded', server: 'a' }
  assert.equal(epochs(first, starts('b', 'following', 1, 0)), undefined)
  assert.match(epochs(first, starts('b', 'leading', 1, 0))!, /b leads epoch 1, which a led/)
  assert.match(epochs(first, over, first)!, /a leads epoch 1, which a led/)
  assert.match(epochs(starts('b', 'observing', 1, 0))!, /which nobody leads/)
  assert.match(epochs(first, starts('a', 'leading', 2, 0))!, /still leading/)
  assert.equal(epochs(first, ends('a'), starts('a', 'leading', 2, 0)), undefined)
  assert.match(
    epochs(starts('a', 'leading', 2, 0), over, starts('a', 'following', 1, 0))!,
    /in epoch 1 after a term in 2/,
  )
})

const commitQuorum: Subject = (history) => new CommitQuorum(history)

test('commit-quorum: what is committed is durable on a majority of the voters', () => {
  const text = [
    'server.1=h:1:2:participant',
    'server.2=h:1:2:participant',
    'server.3=h:1:2:participant',
    'server.4=h:1:2:observer',
    'version=0',
  ].join('\n')
  const start: Observation[] = [
    { type: 'membershipChanged', server: 'server1', text },
    loads('server1', 0),
    starts('server1', 'leading', 1, 0),
    logs('server1', epoch + 1),
    syncs('server1', epoch + 1),
  ]
  const delivered = delivers('server1', epoch + 1)
  const judge = (...more: Observation[]): string | undefined =>
    judged(commitQuorum, [...start, ...more, delivered])
  assert.match(judge()!, /1:1 for committed, which is durable on server1 of server1, server2/)
  assert.match(judge(syncs('server4', epoch + 1))!, /durable on server1 of/)
  assert.equal(judge(syncs('server2', epoch + 1)), undefined)
  assert.equal(judge(logs('server3', epoch + 1), loads('server3', epoch + 1)), undefined)
  const cut = [syncs('server2', epoch + 1), cuts('server2', 0)]
  assert.match(judge(...cut)!, /durable on server1 of/, 'cut before it is committed')
  const member: Observation = { type: 'membershipChanged', server: 'server2', text }
  const afterwards = [...start, syncs('server2', epoch + 1), member, delivered]
  assert.match(
    judged(commitQuorum, [...afterwards, cuts('server2', 0)])!,
    /server2 cuts its log at 0 and had taken 1:1 for committed, which is durable on server1 of/,
  )
  const spare = [...afterwards, syncs('server3', epoch + 1), cuts('server2', 0)]
  assert.equal(judged(commitQuorum, spare), undefined, 'two are left')
})

const line = (id: number, kind = 'participant'): string => `server.${id}=h${id}:1:2:${kind}`
const membership = (version: Zxid, ...lines: string[]): string =>
  [...lines, `version=${version.toString(16)}`].join('\n')
const reconfiguration = (zxid: Zxid, text: string): Txn =>
  txnOf(
    zxid,
    { type: OpCode.reconfig, path: '/zookeeper/config', data: utf8Encode(text), version: -1 },
    xidOf(zxid),
  )

test('commit-quorum: a reconfiguration is durable on a quorum of both memberships, and what follows on one of the new', () => {
  const text = membership(0, line(1), line(2), line(3))
  const next = reconfiguration(epoch + 1, membership(epoch + 1, line(1), line(4), line(5)))
  const start: Observation[] = [
    { type: 'membershipChanged', server: 'server1', text },
    loads('server1', 0),
    starts('server1', 'leading', 1, 0),
    on('server1', proposed(next)),
    syncs('server1', epoch + 1),
  ]
  const delivered = on('server1', applied(next))
  const judge = (...more: Observation[]): string | undefined =>
    judged(commitQuorum, [...start, ...more])
  const [old, other] = [syncs('server2', epoch + 1), syncs('server5', epoch + 1)]
  assert.match(judge(old, delivered)!, /durable on server1 of server1, server4, server5/)
  assert.match(judge(other, delivered)!, /durable on server1 of server1, server2, server3/)
  assert.equal(judge(old, other, delivered), undefined)
  const after = [logs('server1', epoch + 2), syncs('server1', epoch + 2)]
  const deliveredAfter = delivers('server1', epoch + 2)
  const committed = [old, other, delivered, ...after]
  assert.match(
    judge(...committed, syncs('server2', epoch + 2), deliveredAfter)!,
    /of server1, server4, server5, the voters of membership 1:1/,
  )
  assert.equal(judge(...committed, syncs('server4', epoch + 2), deliveredAfter), undefined)
})

test('commit-quorum: groups and weights decide who is a quorum', () => {
  const servers = [1, 2, 3, 4].map((id) => line(id))
  const text = membership(0, ...servers, 'group.1=1:2:3:4', 'weight.1=3')
  const judge = (...holders: string[]): string | undefined =>
    judged(commitQuorum, [
      { type: 'membershipChanged', server: 'server1', text },
      loads('server1', 0),
      starts('server1', 'leading', 1, 0),
      logs('server1', epoch + 1),
      ...holders.map((holder) => syncs(holder, epoch + 1)),
      delivers('server1', epoch + 1),
    ])
  assert.match(judge('server2', 'server3', 'server4')!, /\(in groups\)/)
  assert.equal(judge('server1', 'server2'), undefined)
})

/** Server 1 leads, and both have logged three transactions of its epoch. */
const threeLogged: readonly Observation[] = [
  loads('server1', 0),
  starts('server1', 'leading', 1, 0),
  loads('server2', 0),
  ...[1, 2, 3].flatMap((at) => [logs('server1', epoch + at), logs('server2', epoch + at)]),
]

const planned = (committedZxid: Zxid, kind: 'TRUNC' | 'SNAP' = 'TRUNC'): Observation[] => [
  { type: 'syncPlanned', server: 'server1', learner: 'server2', committedZxid },
  { type: 'synchronised', server: 'server2', leader: 'server1', kind },
]

test('a log is cut exactly where the leader that planned it wanted', () => {
  const history: Observation[] = [...threeLogged, delivers('server1', epoch + 1)]
  const late = delivers('server1', epoch + 2)
  assert.equal(order(history, planned(epoch + 1), late, cuts('server2', epoch + 1)), undefined)
  assert.match(
    order(history, late, planned(epoch + 2), cuts('server2', epoch + 1))!,
    /server2 cuts its log at 1:1, and has the history of its leader up to 1:2/,
  )
  assert.match(order(history, planned(epoch + 1), cuts('server2', epoch + 2))!, /up to 1:1/)
})

const replaces = (zxid: Zxid): Observation => ({
  type: 'loaded',
  server: 'server2',
  cause: 'replaced',
  view: recovered(zxid).view,
})

test('total-order: a state that replaces another has all that its leader had committed when it planned that', () => {
  const history: Observation[] = [
    ...threeLogged,
    syncs('server2', epoch + 3),
    delivers('server1', epoch + 1),
    delivers('server1', epoch + 2),
    ...planned(epoch + 2, 'SNAP'),
    delivers('server1', epoch + 3),
  ]
  assert.equal(order(history, replaces(epoch + 2)), undefined)
  assert.match(order(history, replaces(epoch + 1))!, /loads 1:1 and had made the committed 1:3/)
  assert.match(order(history, loads('server2', epoch + 2))!, /loads 1:2 and had made the/)
})

test('total-order: a server that crashes while it cuts its log comes back with it cut or not', () => {
  const history: Observation[] = [
    ...threeLogged,
    syncs('server2', epoch + 3),
    delivers('server1', epoch + 1),
    planned(epoch + 1),
    delivers('server1', epoch + 2),
    ends('server2'),
  ].flat()
  assert.equal(order(history, loads('server2', epoch + 1)), undefined)
  assert.equal(order(history, loads('server2', epoch + 3)), undefined)
  assert.match(order(history, loads('server2', 0))!, /server2 cuts its log at 0, and has/)
})
