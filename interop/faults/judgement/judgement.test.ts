/** The judges of a run, handed histories that are wrong. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorCode, OpCode, openAcl, type SessionId, type Txn } from '@quorate/protocol'
import { type Observation, TxnHistory } from '@quorate/simulator'
import type { Observed } from '../load/load.ts'
import { checkClients } from './client-checks.ts'
import { compareWithHistory } from './final-state.ts'

const session = 7n as SessionId
const epochStart = 0x1_0000_0000

function header(counter: number, cxid: number): Txn['header'] {
  return { clientId: session, cxid, zxid: epochStart + counter, time: 1_000 + counter, type: 0 }
}

/** A session, and the creation of a node; with `isLost` that is missing. */
function historyOf(options: { readonly isLost: boolean }): TxnHistory {
  const begin: Txn = {
    header: { ...header(1, 0), type: OpCode.createSession },
    body: { type: OpCode.createSession, timeOut: 4_000 },
    digest: undefined,
  }
  const create: Txn = {
    header: { ...header(2, 1), type: OpCode.create },
    body: {
      type: OpCode.create,
      path: '/registers',
      data: new Uint8Array(0),
      acl: openAcl,
      ephemeral: false,
      parentCVersion: 1,
    },
    digest: undefined,
  }
  const history = new TxnHistory()
  let last = history.root
  for (const txn of options.isLost ? [begin] : [begin, create])
    last = history.add(last, txn, undefined)
  history.commit(last)
  return history
}

function acknowledgedCreate(): readonly Observed[] {
  const moment = { client: 'client1', session, connection: 1 }
  const operation = { type: 'create', path: '/registers', data: '', mode: 0 } as const
  const observations: readonly Observation[] = [
    { type: 'connected', ...moment, server: 'server 1', timeoutMs: 4_000 },
    { type: 'invoked', ...moment, xid: 1, operation },
    {
      type: 'replied',
      ...moment,
      xid: 1,
      zxid: epochStart + 2,
      err: ErrorCode.Ok,
      operation,
      answer: { path: '/registers' },
    },
  ]
  return observations.map((observation, i) => ({ atUs: 1_000 * i, observation }))
}

function problemsOf(history: TxnHistory): readonly string[] {
  return checkClients({ history, observed: acknowledgedCreate(), livenessBoundMs: 1_000 })
}

test('what stands in the history may have been acknowledged', () => {
  assert.deepEqual(problemsOf(historyOf({ isLost: false })), [])
})

test('an acknowledged write that no log has is told', () => {
  assert.match(problemsOf(historyOf({ isLost: true })).join('\n'), /^acknowledged-writes: /)
})

test('a node of the history that servers do not show is told', () => {
  const state = { zxid: epochStart + 2, nodes: [], problems: [] }
  assert.deepEqual(compareWithHistory(state, historyOf({ isLost: false })), [
    'against the history, /registers is missing',
  ])
})
