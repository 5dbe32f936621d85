/** Short histories for the tests of checkers: one client, one session, one connection, unless a test says otherwise. */
import {
  decode,
  encode,
  ErrorCode,
  OpCode,
  openAcl,
  type SessionId,
  type Stat,
  type Txn,
  txn as txnCodec,
  type TxnBody,
} from '@quorate/protocol'
import { type Checker, isRead } from '../../src/checkers/checker.ts'
import { TotalOrder } from '../../src/checkers/total-order.ts'
import type { Answer, Operation } from '../../src/client/operation.ts'
import type {
  Applied,
  ClientMoment,
  Invoked,
  Observation,
  Proposed,
  Recovered,
  Replied,
} from '../../src/history/observation.ts'
import { CommittedTree } from '../../src/history/committed-tree.ts'
import type { NodeView } from '../../src/history/tree-view.ts'
import { TxnHistory } from '../../src/history/txn-history.ts'

export const session = 0x100n as SessionId
export const client: ClientMoment = { client: 'client1', session, connection: 1 }

/** What the checker says of the first observation that it finds wrong. */
export function verdict(checker: Checker, history: readonly Observation[]): string | undefined {
  for (const [at, observation] of history.entries()) {
    if (!isRead(checker, observation)) continue
    const problem = checker.observe(observation, at * 1_000)
    if (problem !== undefined) return problem
  }
  return undefined
}

/** A checker that asks for the committed history. */
export type Subject = (history: TxnHistory, committed: CommittedTree) => Checker

/** The same for a checker that asks for the committed history, which is found out beside it. */
export function judged(create: Subject, observations: readonly Observation[]): string | undefined {
  const history = new TxnHistory()
  const order = new TotalOrder(history)
  const checker = create(history, new CommittedTree(history))
  for (const [at, observation] of observations.entries()) {
    order.observe(observation)
    if (!isRead(checker, observation)) continue
    const problem = checker.observe(observation, at * 1_000)
    if (problem !== undefined) return problem
  }
  return undefined
}

export function txnOf(zxid: number, body: TxnBody, cxid: number = zxid, of = session): Txn {
  return {
    header: { clientId: of, cxid, zxid, time: 1_000 + zxid, type: body.type },
    body,
    digest: undefined,
  }
}

export function createBody(path: string, isEphemeral = false): TxnBody {
  return {
    type: OpCode.create2,
    path,
    data: new Uint8Array(0),
    acl: openAcl,
    ephemeral: isEphemeral,
    parentCVersion: 1,
  }
}

export function setBody(path: string, version: number, data = new Uint8Array(0)): TxnBody {
  return { type: OpCode.setData, path, data, version }
}

export const createSessionBody: TxnBody = { type: OpCode.createSession, timeOut: 1_000 }

export function applied(txn: Txn, isReplay = false): Applied {
  const bytes = encode(txnCodec, txn)
  return {
    type: 'applied',
    server: 'server1',
    isReplay,
    zxid: txn.header.zxid,
    txn: decode(txnCodec, bytes),
    bytes,
  }
}

export function proposed(txn: Txn): Proposed {
  return { type: 'proposed', server: 'server1', zxid: txn.header.zxid, txn }
}

export function connected(connection = 1, timeoutMs = 1_000): Observation {
  return { type: 'connected', ...client, connection, server: 'server1', timeoutMs }
}

export function invoked(xid: number, operation: Operation, connection = 1): Invoked {
  return { type: 'invoked', ...client, connection, xid, operation }
}

export function replied(
  xid: number,
  zxid: number,
  operation: Operation,
  more: { readonly err?: number; readonly answer?: Answer; readonly connection?: number } = {},
): Replied {
  return {
    type: 'replied',
    ...client,
    connection: more.connection ?? 1,
    xid,
    zxid,
    err: more.err ?? ErrorCode.Ok,
    operation,
    answer: more.answer ?? {},
  }
}

export function recovered(
  lastZxid: number,
  nodes: Readonly<Record<string, Partial<NodeView>>> = {},
  sessions: readonly SessionId[] = [],
): Recovered {
  const views = Object.entries(nodes).map(([path, node]) => [path, nodeView(node)] as const)
  return {
    type: 'recovered',
    server: 'server1',
    view: {
      lastZxid,
      digest: '',
      nodes: new Map(views),
      timeoutMsBySession: new Map(sessions.map((id) => [id, 1_000])),
    },
  }
}

export function nodeView(fields: Partial<NodeView>): NodeView {
  return {
    data: '',
    czxid: 0,
    mzxid: 0,
    pzxid: 0,
    ctime: 0,
    mtime: 0,
    version: 0,
    cversion: 0,
    aversion: 0,
    owner: 0n as SessionId,
    ...fields,
  }
}

export function statOf(fields: Partial<Stat>): Stat {
  return {
    czxid: 0,
    mzxid: 0,
    ctime: 0,
    mtime: 0,
    version: 0,
    cversion: 0,
    aversion: 0,
    ephemeralOwner: 0n,
    dataLength: 0,
    numChildren: 0,
    pzxid: 0,
    ...fields,
  }
}

export const setX: Operation = { type: 'setData', path: '/x', data: 'a', version: -1 }
export const ping: Operation = { type: 'ping' }
