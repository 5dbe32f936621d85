import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorCode, EventType, OpCode, WatcherType } from '@quorate/protocol'
import { WatchOrder } from '../../src/checkers/watch-order.ts'
import type { Operation } from '../../src/client/operation.ts'
import type { Observation } from '../../src/history/observation.ts'
import {
  applied,
  client,
  connected,
  createBody,
  judged,
  ping,
  replied,
  setBody,
  type Subject,
  txnOf,
} from './wrong-history.ts'

const watchOrder: Subject = (_history, committed) => new WatchOrder(committed)

const getX: Operation = { type: 'getData', path: '/x', watch: true }
const created = [connected(), applied(txnOf(1, createBody('/x'))), replied(1, 1, getX)]
const changed = applied(txnOf(2, setBody('/x', 1)))

function event(type: EventType, path: string, zxid: number, connection = 1): Observation {
  return { type: 'notified', ...client, connection, event: type, path, zxid }
}

const dataChanged = event(EventType.nodeDataChanged, '/x', 2)

test('watch-order: an event comes before the reply that shows its change', () => {
  const shown = replied(2, 2, ping)
  assert.equal(judged(watchOrder, [...created, changed, dataChanged, shown]), undefined)
  assert.match(judged(watchOrder, [...created, changed, shown])!, /event 1 is missing/)
  assert.equal(judged(watchOrder, [...created, changed, replied(2, 1, ping)]), undefined)
})

test('watch-order: a one-shot watch is told once', () => {
  const again = [applied(txnOf(3, setBody('/x', 2))), event(EventType.nodeDataChanged, '/x', 3)]
  const history = [...created, changed, dataChanged, ...again, replied(2, 3, ping)]
  assert.match(judged(watchOrder, history)!, /event 2 is nodeDataChanged .* expected is none/)
})

test('watch-order: a persistent watch is told of every change, in order and once', () => {
  const add: Operation = { type: 'addWatch', path: '/x', isRecursive: false }
  const start = [connected(), applied(txnOf(1, createBody('/x'))), replied(1, 1, add)]
  const changes = [changed, applied(txnOf(3, setBody('/x', 2)))]
  const second = event(EventType.nodeDataChanged, '/x', 3)
  const shown = replied(2, 3, ping)
  const right = [...start, ...changes, dataChanged, second, shown]
  assert.equal(judged(watchOrder, right), undefined)
  const swapped = [...start, ...changes, second, dataChanged, shown]
  assert.match(judged(watchOrder, swapped)!, /event 1 is nodeDataChanged \/x at 3/)
  const doubled = [...start, ...changes, dataChanged, dataChanged, second, shown]
  assert.match(judged(watchOrder, doubled)!, /event 2/)
})

test('watch-order: nothing is told of a watch that was removed', () => {
  const add: Operation = { type: 'addWatch', path: '/x', isRecursive: true }
  const remove: Operation = { type: 'removeWatches', path: '/x', kind: WatcherType.any }
  const start = [connected(), applied(txnOf(1, createBody('/x'))), replied(1, 1, add)]
  const removed = [...start, replied(2, 1, remove), changed]
  assert.equal(judged(watchOrder, [...removed, replied(3, 2, ping)]), undefined)
  assert.match(judged(watchOrder, [...removed, dataChanged, replied(3, 2, ping)])!, /event 1/)
})

test('watch-order: a recursive watch sees below itself, and no changed children', () => {
  const add: Operation = { type: 'addWatch', path: '/x', isRecursive: true }
  const history = [
    connected(),
    applied(txnOf(1, createBody('/x'))),
    replied(1, 1, add),
    applied(txnOf(2, createBody('/x/y'))),
    event(EventType.nodeCreated, '/x/y', 2),
  ]
  assert.equal(judged(watchOrder, [...history, replied(2, 2, ping)]), undefined)
  const children = event(EventType.nodeChildrenChanged, '/x', 2)
  assert.match(judged(watchOrder, [...history, children, replied(2, 2, ping)])!, /event 2/)
})

test('watch-order: a deletion is told once to a connection that watches data and children', () => {
  const list: Operation = { type: 'getChildren', path: '/x', watch: true }
  const removed = applied(txnOf(2, { type: OpCode.delete, path: '/x' }))
  const deleted = event(EventType.nodeDeleted, '/x', 2)
  const history = [...created, replied(2, 1, list), removed, deleted]
  assert.equal(judged(watchOrder, [...history, replied(3, 2, ping)]), undefined)
})

test('watch-order: a watch on a node that is not there is told of its creation', () => {
  const exists: Operation = { type: 'exists', path: '/y', watch: true }
  const start = [...created, replied(2, 1, exists, { err: ErrorCode.NoNode })]
  const appeared = applied(txnOf(2, createBody('/y')))
  const told = event(EventType.nodeCreated, '/y', 2)
  assert.equal(judged(watchOrder, [...start, appeared, told, replied(3, 2, ping)]), undefined)
  assert.match(judged(watchOrder, [...start, appeared, replied(3, 2, ping)])!, /missing/)
})

test('watch-order: setWatches tells what was missed before its reply, and watches the rest', () => {
  const watches = { data: ['/x'], exist: ['/y'], child: [], persistent: [], recursive: [] }
  const setWatches = (relativeZxid: number): Operation => ({
    type: 'setWatches',
    relativeZxid,
    watches,
  })
  const start = [applied(txnOf(1, createBody('/x'))), changed, connected(2)]
  const missed = event(EventType.nodeDataChanged, '/x', -1, 2)
  const at2 = { connection: 2 }
  const right = [...start, missed, replied(-8, 2, setWatches(1), at2)]
  assert.equal(judged(watchOrder, right), undefined)
  const silent = [...start, replied(-8, 2, setWatches(1), at2)]
  assert.match(judged(watchOrder, silent)!, /nodeDataChanged \/x at -1/)
  const nothingMissed = [...start, replied(-8, 2, setWatches(2), at2)]
  assert.equal(judged(watchOrder, nothingMissed), undefined)
  const later = [applied(txnOf(3, createBody('/y'))), replied(1, 3, ping, at2)]
  assert.match(judged(watchOrder, [...nothingMissed, ...later])!, /nodeCreated \/y at 3/)
})

test('watch-order: a watch that is set before the first change counts', () => {
  const add: Operation = { type: 'addWatch', path: '/x', isRecursive: true }
  const start = [connected(), replied(1, 0, add), applied(txnOf(1, createBody('/x')))]
  const told = event(EventType.nodeCreated, '/x', 1)
  assert.equal(judged(watchOrder, [...start, told, replied(2, 1, ping)]), undefined)
  assert.match(judged(watchOrder, [...start, replied(2, 1, ping)])!, /event 1 is missing/)
})

test('watch-order: what a client says that it knows, it was told', () => {
  const lists = { data: ['/x'], exist: [], child: [], persistent: [], recursive: [] }
  const since = (relativeZxid: number): Operation => ({
    type: 'setWatches',
    relativeZxid,
    watches: lists,
  })
  const lost: Observation = { type: 'disconnected', ...client, connection: 1 }
  const again = connected(2)
  const caughtUp = event(EventType.nodeDataChanged, '/x', -1, 2)
  const at2 = { connection: 2 }
  const right = [...created, changed, lost, again, caughtUp, replied(2, 2, since(1), at2)]
  assert.equal(judged(watchOrder, right), undefined)
  const wrong = [...created, changed, lost, again, replied(2, 2, since(2), at2)]
  assert.match(judged(watchOrder, wrong)!, /since 2 and has not been told of nodeDataChanged \/x/)
})
