import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OpCode, type TxnBody, utf8Encode } from '@quorate/protocol'
import { MemberViews } from '../../src/checkers/member-views.ts'
import type { Observation } from '../../src/history/observation.ts'
import { applied, createBody, judged, setBody, type Subject, txnOf } from './wrong-history.ts'

const memberViews: Subject = (_history, committed) => new MemberViews(committed, { root: '/g' })

const client = 'member1'
const parent = '/g'
const bytesOf = (value: string): Uint8Array<ArrayBuffer> => Uint8Array.from(utf8Encode(value))

function txns(...bodies: readonly TxnBody[]): readonly Observation[] {
  return [createBody(parent), ...bodies].map((body, at) => applied(txnOf(at + 1, body)))
}

function create(name: string, value: string): TxnBody {
  return { ...createBody(`${parent}/${name}`), data: bytesOf(value) } as TxnBody
}

const set = (name: string, value: string): TxnBody =>
  setBody(`${parent}/${name}`, 1, bytesOf(value))
const remove = (name: string): TxnBody => ({ type: OpCode.delete, path: `${parent}/${name}` })

function valuesOf(members: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  return new Map(Object.entries(members).map(([name, value]) => [`${parent}/${name}`, value]))
}

function looked(members: Readonly<Record<string, string>>, isAnswer = false): Observation {
  return { type: 'looked', client, parent, values: valuesOf(members), isAnswer }
}

const asked: Observation = { type: 'lookBegun', client, parent }

function rested(members: Readonly<Record<string, string>>): Observation {
  const views = new Map([[parent, valuesOf(members)]])
  return { type: 'rested', client, views, items: undefined, config: undefined }
}

test('member-views: each member is seen as it was at some time', () => {
  const history = txns(create('a', '1'), set('a', '2'), create('b', '1'))
  for (const members of [{}, { a: '1' }, { a: '2', b: '1' }])
    assert.equal(judged(memberViews, [...history, looked(members)]), undefined)
  assert.match(judged(memberViews, [...history, looked({ a: '3' })])!, /sees 3 in \/g\/a/)
  assert.match(judged(memberViews, [...history, looked({ c: '1' })])!, /sees 1 in \/g\/c/)
  const early = [...history.slice(0, 3), looked({ b: '1' }), ...history.slice(3)]
  assert.match(judged(memberViews, early)!, /sees 1 in \/g\/b/)
})

test('member-views: nobody sees again what came before what was seen', () => {
  const history = txns(create('a', '1'), set('a', '2'), remove('a'))
  const right = [looked({ a: '1' }), looked({ a: '2' }), looked({})]
  assert.equal(judged(memberViews, [...history, ...right]), undefined)
  const back = [looked({ a: '2' }), looked({ a: '1' })]
  assert.match(judged(memberViews, [...history, ...back])!, /only before what it has seen/)
  const anew = [looked({ a: '2' }), { type: 'memberEnded', client } as const]
  assert.equal(judged(memberViews, [...history, ...anew, looked({ a: '1' })]), undefined)
})

test('member-views: an answer is no older than its question', () => {
  const history = txns(create('a', '1'), remove('a'))
  assert.equal(judged(memberViews, [...history, asked, looked({}, true)]), undefined)
  const late = [...history, asked, looked({ a: '1' }, true)]
  assert.match(judged(memberViews, late)!, /sees 1 in \/g\/a/)
  const missed = [...txns(create('a', '1')), asked, looked({}, true)]
  assert.match(judged(memberViews, missed)!, /sees nothing in \/g\/a/)
})

test('member-views: in the end everybody sees what is there', () => {
  const history = txns(create('a', '1'), create('b', '2'), remove('b'))
  assert.equal(judged(memberViews, [...history, rested({ a: '1' })]), undefined)
  assert.match(judged(memberViews, [...history, rested({})])!, /does not see \/g\/a in the end/)
  assert.match(judged(memberViews, [...history, rested({ a: '0' })])!, /sees 0 in \/g\/a/)
  const gone = [...history, rested({ a: '1', b: '2' })]
  assert.match(judged(memberViews, gone)!, /sees \/g\/b in the end, which is not there/)
})
