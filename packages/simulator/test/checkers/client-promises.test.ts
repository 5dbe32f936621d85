import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CreateMode, ErrorCode, EventType } from '@quorate/protocol'
import { ClientPromises } from '../../src/checkers/client-promises.ts'
import type { Operation, Outcome } from '../../src/client/operation.ts'
import type { Observation } from '../../src/history/observation.ts'
import { client, connected, invoked, replied, statOf } from './wrong-history.ts'

const name = client.client
const setX: Operation = { type: 'setData', path: '/x', data: 'v', version: -1 }
const getX: Operation = { type: 'getData', path: '/x', watch: true }
const stat = statOf({ mzxid: 5 })
const answer = { data: 'v', stat }

const opened: Observation = {
  type: 'clientOpened',
  client: name,
  servers: ['server1', 'server2'],
  timeoutMs: 1_500,
}
const disconnected: Observation = { type: 'disconnected', ...client }
const ended: Observation = { type: 'ended' }

function called(call: number, operation: Operation, deadlineMs?: number): Observation {
  return { type: 'called', client: name, call, operation, deadlineMs }
}

function returned(
  call: number,
  code: string,
  value?: unknown,
  applied: 'no' | 'unknown' = 'no',
): Observation {
  return { type: 'returned', client: name, call, code, applied, value }
}

function stateTold(state: string): Observation {
  return { type: 'stateTold', client: name, state }
}

function dialled(server: string): Observation {
  return { type: 'dialled', client: name, server }
}

function notified(zxid: number): Observation {
  return { type: 'notified', ...client, event: EventType.nodeDataChanged, path: '/x', zxid }
}

function changeTold(call: number | undefined, zxid: number): Observation {
  const event = EventType.nodeDataChanged
  return { type: 'changeTold', client: name, call, event, path: '/x', zxid }
}

/** Events of a run, a second apart, each with what is observed in it. */
function judge(...events: readonly (readonly Observation[])[]): string | undefined {
  const checker = new ClientPromises()
  for (const [at, observations] of events.entries()) {
    for (const observation of observations) {
      const problem = checker.observe(observation, at * 1_000_000)
      if (problem !== undefined) return problem
    }
  }
  return undefined
}

const start = [opened, dialled('server1'), connected(1, 1_500), stateTold('connected')]
const read = [
  [called(1, getX), invoked(1, getX)],
  [replied(1, 5, getX, { answer }), returned(1, 'Ok', { value: 'v', stat })],
]

test('client-promises: a call returns what its reply says', () => {
  assert.equal(judge(start, ...read, [ended]), undefined)
  const asked = [called(1, getX), invoked(1, getX)]
  const other = returned(1, 'Ok', { value: 'w', stat })
  assert.match(judge(start, asked, [replied(1, 5, getX, { answer }), other])!, /and it gives/)
  const refused = replied(1, 5, getX, { err: ErrorCode.NoNode })
  assert.match(judge(start, asked, [refused, returned(1, 'NoAuth')])!, /says NoNode/)
})

test('client-promises: a call that was answered returns at once', () => {
  const asked = [called(1, setX), invoked(1, setX)]
  const reply = replied(1, 5, setX, { answer: { stat } })
  assert.match(judge(start, asked, [reply], [ended])!, /does not tell of the return of call 1/)
})

test('client-promises: no call stays open for ever', () => {
  assert.match(judge(start, [called(1, setX), invoked(1, setX)], [ended])!, /never return/)
})

test('client-promises: a call returns by its deadline, and not before', () => {
  const asked = [called(1, setX, 1_500), invoked(1, setX)]
  const late = returned(1, 'OperationTimeout', undefined, 'unknown')
  assert.equal(judge(start, asked, [], [late]), undefined)
  assert.match(judge(start, asked, [late])!, /1000 ms of 1500/)
  const idle = Array.from({ length: 6 }, () => [])
  assert.match(judge(start, asked, ...idle, [ended])!, /has not returned/)
})

test('client-promises: a call that is given up returns then, and not before', () => {
  const call = { ...called(1, setX), abortMs: 1_500 } as Observation
  const asked = [call, invoked(1, setX)]
  const aborted = returned(1, 'Aborted', undefined, 'unknown')
  assert.equal(judge(start, asked, [], [aborted]), undefined)
  assert.match(judge(start, asked, [aborted])!, /1000 ms of 1500/)
  assert.match(judge(start, [called(1, setX), invoked(1, setX)], [aborted])!, /of undefined/)
  const idle = Array.from({ length: 6 }, () => [])
  assert.match(judge(start, asked, ...idle, [ended])!, /has not returned after its 1500 ms/)
})

test('client-promises: a call whose deadline and reply come at one moment may be late', () => {
  const asked = [called(1, setX, 1_500), invoked(1, setX)]
  const late = returned(1, 'OperationTimeout', undefined, 'unknown')
  const reply = replied(1, 5, setX, { answer: { stat } })
  assert.equal(judge(start, asked, [], [reply, late]), undefined)
  assert.match(judge(start, asked, [], [reply], [late])!, /does not tell of the return of call 1/)
  assert.match(judge(start, asked, [reply, late])!, /1000 ms of 1500/)
})

const again = [
  disconnected,
  stateTold('disconnected'),
  dialled('server2'),
  connected(2, 1_500),
  stateTold('connected'),
]

/** And then with the first server again. */
const backAgain = [
  disconnected,
  stateTold('disconnected'),
  dialled('server1'),
  connected(3, 1_500),
  stateTold('connected'),
]

function loss(applied: 'no' | 'unknown'): Observation {
  return returned(1, 'ConnectionLoss', undefined, applied)
}

/** What is wrong when a call's request goes out on both connections. */
function twice(operation: Operation): string | undefined {
  const first = [called(1, operation), invoked(1, operation)]
  return judge(start, first, again, [invoked(2, operation, 2)])
}

/** The reply to a question about the write with this xid. */
function told(outcome: Outcome): Observation {
  const question: Operation = { type: 'outcomes', questions: [{ xid: outcome.xid, after: 0 }] }
  return replied(100, 6, question, { answer: { outcomes: [outcome] } })
}

test('client-promises: a write that was sent and not answered is in doubt if no server knows more', () => {
  const asked = [called(1, setX), invoked(1, setX)]
  const unknown = told({ xid: 1, state: 'unknown' })
  const both = [...again, unknown, ...backAgain, unknown]
  assert.equal(judge(start, asked, both, [loss('unknown')]), undefined)
  assert.match(judge(start, asked, both, [loss('no')])!, /nobody knows/)
  assert.match(judge(start, asked, again, [unknown, loss('unknown')])!, /can be asked/)
  assert.match(judge(start, asked, again, [loss('unknown')])!, /can be asked/)
  const readOnly = [{ ...connected(1, 1_500), isReadOnly: true } as Observation]
  const onReadOnly = [opened, dialled('server1'), ...readOnly, stateTold('connected')]
  const lost = [disconnected, stateTold('disconnected'), loss('unknown')]
  assert.equal(judge(onReadOnly, asked, lost), undefined)
})

test('client-promises: a write that a server says was applied returns what its reply would have said', () => {
  const asked = [called(1, setX), invoked(1, setX)]
  const applied = told({ xid: 1, state: 'applied', zxid: 5, err: 0, operation: setX, answer })
  assert.equal(judge(start, asked, again, [applied, returned(1, 'Ok', stat)], [ended]), undefined)
  assert.match(judge(start, asked, again, [applied], [ended])!, /does not tell of the return/)
  const other = returned(1, 'Ok', statOf({ mzxid: 6 }))
  assert.match(judge(start, asked, again, [applied, other])!, /and it gives/)
})

test('client-promises: a write that was never applied is sent again, or is no doubt', () => {
  const asked = [called(1, setX), invoked(1, setX)]
  const never = told({ xid: 1, state: 'neverApplied' })
  const resent = [never, invoked(2, setX, 2)]
  const done = [replied(2, 7, setX, { answer }), returned(1, 'Ok', stat)]
  assert.equal(judge(start, asked, again, resent, done, [ended]), undefined)
  assert.match(judge(start, asked, again, [never], [ended])!, /never return/)
})

test('client-promises: what a lost session left is asked about by another session, for two timeouts', () => {
  const refused: Observation = {
    type: 'refused',
    client: name,
    session: client.session,
    isReadOnly: false,
  }
  const over = [disconnected, stateTold('disconnected'), refused, stateTold('expired')]
  const makeX: Operation = {
    type: 'create',
    path: '/x',
    data: '',
    mode: CreateMode.ephemeral,
  }
  const asker = [connected(3, 1_500)]
  const after = (operation: Operation, outcome: Outcome | undefined, ...end: Observation[]) =>
    judge(
      start,
      [called(1, operation), invoked(1, operation)],
      over,
      outcome === undefined ? end : [...asker, told(outcome), ...end],
      [ended],
    )
  const failed = (applied: 'no' | 'unknown') => returned(1, 'SessionExpired', undefined, applied)
  const applied = { xid: 1, state: 'applied', zxid: 5, err: 0, answer } as const
  const ofSet: Outcome = { ...applied, operation: setX }
  const ofMake: Outcome = { ...applied, operation: makeX }
  const never: Outcome = { xid: 1, state: 'neverApplied' }
  assert.equal(after(setX, ofSet, returned(1, 'Ok', stat)), undefined)
  assert.match(after(setX, ofSet, failed('unknown'))!, /says Ok/)
  assert.equal(after(setX, never, failed('no')), undefined)
  assert.match(after(setX, undefined, failed('no'))!, /nobody knows/)
  assert.equal(after(makeX, ofMake, failed('no')), undefined, 'its node is gone')
  assert.equal(after(setX, { xid: 1, state: 'unknown' }, failed('unknown')), undefined)
  assert.match(after(setX, { xid: 1, state: 'undecided' }, failed('unknown'))!, /servers know/)
  assert.match(after(setX, undefined, failed('unknown'))!, /servers know/)
  const asked = [called(1, setX), invoked(1, setX)]
  assert.equal(judge(start, asked, over, [], [], [], [failed('unknown')]), undefined)
  const other = invoked(7, getX, 3)
  assert.match(judge(start, over, [...asker, other])!, /though its session is over/)
})

test('client-promises: a write is sent once, a read as often as it takes', () => {
  assert.match(twice(setX)!, /a second time/)
  assert.equal(twice(getX), undefined)
})

test('client-promises: every listener is told of an event, before later replies and once', () => {
  const event = [notified(6), changeTold(undefined, 6), changeTold(1, 6)]
  assert.equal(judge(start, ...read, event, [ended]), undefined)
  assert.match(
    judge(start, ...read, [notified(6), changeTold(undefined, 6)], [ended])!,
    /listeners 1/,
  )
  assert.match(judge(start, ...read, [...event, changeTold(1, 6)])!, /nothing is due/)
  assert.match(judge(start, ...read, [notified(6), changeTold(undefined, 7)])!, /is due/)
  const more = [called(2, setX), invoked(2, setX)]
  const both = [notified(6), replied(2, 6, setX, { answer: { stat } }), returned(2, 'Ok', stat)]
  assert.match(judge(start, ...read, more, both)!, /returns before the change/)
})

test('client-promises: an event that nobody waits for is told to nobody', () => {
  assert.equal(judge(start, [notified(6)], [ended]), undefined)
  assert.match(judge(start, [notified(6), changeTold(undefined, 6)])!, /nothing is due/)
})

test('client-promises: a new connection is told of all watches first', () => {
  const lost = [disconnected, stateTold('disconnected')]
  const back = [dialled('server2'), connected(2, 1_500), stateTold('connected')]
  const none = { data: [], exist: [], child: [], persistent: [], recursive: [] }
  const set = (relativeZxid: number, data: readonly string[]): Observation =>
    invoked(-8, { type: 'setWatches', relativeZxid, watches: { ...none, data } }, 2)
  const then = (observation: Observation): string | undefined =>
    judge(start, ...read, lost, back, [observation])
  assert.equal(then(set(5, ['/x'])), undefined)
  assert.match(then(set(5, []))!, /sets the watches/)
  assert.match(then(set(4, ['/x']))!, /sets its watches since 4/)
  assert.match(
    judge(start, ...read, lost, back, [called(2, setX), invoked(2, setX, 2)])!,
    /without its/,
  )
})

test('client-promises: what is told of the session is so', () => {
  assert.match(judge([opened, stateTold('connected')])!, /which is not so/)
  assert.match(judge(start, [disconnected], [ended])!, /does not tell of the state disconnected/)
  const lost = [disconnected, stateTold('disconnected')]
  assert.match(judge(start, lost, [stateTold('expired')], [ended]) ?? 'nothing', /nothing/)
  assert.match(judge(start, [stateTold('expired')])!, /gives its session up/)
  const refused: Observation = {
    type: 'refused',
    client: name,
    session: client.session,
    isReadOnly: false,
  }
  assert.equal(judge(start, lost, [refused, stateTold('expired')], [ended]), undefined)
  assert.match(judge(start, lost, [refused], [ended])!, /does not tell of the state expired/)
  assert.match(judge(start, lost, [], [], [dialled('server2')])!, /has not given up/)
  const silence = Array.from({ length: 9 }, () => [])
  assert.match(judge(start, lost, ...silence, [ended])!, /does not give its session up/)
})

test('client-promises: only what no other server knows is given up without a word', () => {
  const lost = [disconnected, stateTold('disconnected')]
  const onReadOnly = [
    opened,
    dialled('server1'),
    { ...connected(1, 1_500), isReadOnly: true } as Observation,
    stateTold('connected'),
  ]
  const end = [stateTold('idle'), returned(1, 'ConnectionLoss')]
  assert.equal(judge(onReadOnly, lost, [called(1, getX)], [], end, [ended]), undefined)
  assert.match(judge(start, lost, [called(1, getX)], [], end)!, /is idle, and has a session/)
  assert.match(judge(onReadOnly, [...lost, ...end])!, /gives its session up after 1000 ms/)
})

test('client-promises: another server is tried after one that was lost', () => {
  const lost = [disconnected, stateTold('disconnected')]
  assert.equal(judge(start, lost, [dialled('server2')]), undefined)
  assert.match(judge(start, lost, [dialled('server1')])!, /twice in a row/)
})
