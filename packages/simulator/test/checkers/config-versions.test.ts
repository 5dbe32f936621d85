import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OpCode, type TxnBody, utf8Encode } from '@quorate/protocol'
import { ConfigVersions } from '../../src/checkers/config-versions.ts'
import { type Setting, settingText } from '../../src/client/jobs/config-job.ts'
import type { Observation } from '../../src/history/observation.ts'
import { applied, createBody, judged, setBody, type Subject, txnOf } from './wrong-history.ts'

const path = '/c'
const client = 'member1'
const setting = (id: string, after: string | null = null): Setting => ({ id, after })
const first = settingText(setting('first'))
const versions: Subject = (_history, committed) => new ConfigVersions(committed, { path, first })

const bytesOf = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(utf8Encode(text))
const createWith = (at: string, text: string): TxnBody =>
  ({ ...createBody(at), data: bytesOf(text) }) as TxnBody

/** The transaction that writes a version, and its part of the history. */
function version(number: number, text: string, inHistory = text): TxnBody {
  const write = number === 0 ? createWith(path, text) : setBody(path, number, bytesOf(text))
  const name = `${path}/history/${String(number).padStart(10, '0')}`
  return { type: OpCode.multi, txns: [write, createWith(name, inHistory)] }
}

/** Versions 0, 1 and on are transactions 1, 2 and on. */
function written(...settings: readonly Setting[]): readonly Observation[] {
  return settings.map((one, at) => applied(txnOf(at + 1, version(at, settingText(one)))))
}

function seen(value: Setting, more: object = {}): Observation {
  const text = settingText(value)
  const told = { type: 'configSeen', client, value: text, version: undefined } as const
  return { ...told, isPresent: true, ...more }
}

function rested(value: Setting): Observation {
  const config = settingText(value)
  return { type: 'rested', client, views: new Map(), items: undefined, config }
}

const [a, b] = [setting('a'), setting('b', 'a')]

test('config-versions: a version is in the history, and written once', () => {
  assert.equal(judged(versions, written(a, b)), undefined)
  const bare = applied(txnOf(1, createWith(path, settingText(a))))
  assert.match(judged(versions, [bare])!, /version 0 of \/c, .* is not in the history/)
  const other = applied(txnOf(1, version(0, settingText(a), settingText(b))))
  assert.match(judged(versions, [other])!, /is not in the history/)
  assert.match(judged(versions, written(a, a))!, /is written a second time/)
})

test('config-versions: nobody undoes the work of another one unseen', () => {
  assert.equal(judged(versions, written(setting('a', 'first'), b)), undefined)
  const lost = written(a, setting('c'), b)
  assert.match(judged(versions, lost)!, /was made from a, and follows .*"c"/)
})

test('config-versions: a write has the version that the recipe says', () => {
  const told = (number: number): Observation => ({
    type: 'configWritten',
    client,
    value: settingText(b),
    version: number,
  })
  assert.equal(judged(versions, [...written(a, b), told(1)]), undefined)
  assert.match(judged(versions, [...written(a, b), told(2)])!, /which it is not/)
  assert.match(judged(versions, [...written(a), told(1)])!, /which it is not/)
})

test('config-versions: what is seen was committed, and comes after what was seen', () => {
  const history = written(a, b)
  const right = [seen(setting('first')), seen(a), seen(b), seen(b)]
  assert.equal(judged(versions, [...history, ...right]), undefined)
  const early = [...history.slice(0, 1), seen(b)]
  assert.match(judged(versions, early)!, /which it was not until then/)
  assert.match(judged(versions, [...history, seen(setting('z'))])!, /which it was not/)
  assert.match(judged(versions, [...history, seen(b, { version: 0 })])!, /which is version 1/)
  const back = [seen(b), seen(a)]
  assert.match(judged(versions, [...history, ...back])!, /sees version 0 of .* after version 1/)
  const past = [seen(b), seen(a, { isPresent: false })]
  assert.equal(judged(versions, [...history, ...past]), undefined)
})

test('config-versions: in the end everybody has the last version, if it is valid', () => {
  assert.equal(judged(versions, [...written(a, b), rested(b)]), undefined)
  assert.match(judged(versions, [...written(a, b), rested(a)])!, /in the end, and \/c holds .*"b"/)
  const broken = applied(txnOf(2, setBody(path, 1, bytesOf('nothing'))))
  assert.equal(judged(versions, [...written(a), broken, rested(a)]), undefined)
})
