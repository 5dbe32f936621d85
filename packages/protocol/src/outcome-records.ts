/** What became of writes whose answers were lost: the question of {@link OpCode.outcomes} and its answer, for the session that asks. */
import { buffer, type Codec, int, record, vector, zxid } from './codec.ts'
import type { Zxid } from './zxid.ts'

/** int xid · long after */
export interface OutcomeQuestion {
  /** Of the write. */
  readonly xid: number
  /** A transaction that the client knew of when it sent the write: an earlier one with the same xid was another's. */
  readonly after: Zxid
}

/** vector of OutcomeQuestion */
export const outcomesRequest: Codec<readonly OutcomeQuestion[]> = vector(
  record({ xid: int, after: zxid }),
)

export const OutcomeState = {
  /** It is no transaction, and never will be one. */
  neverApplied: 0,
  /** It is one. `zxid`, `err` and `body` are what the reply would have held. */
  applied: 1,
  /** The server does not know any more. */
  unknown: 2,
} as const

/** int xid · int state · long zxid · int err · buffer body */
export interface OutcomeAnswer {
  readonly xid: number
  /** One of {@link OutcomeState}. */
  readonly state: number
  /** 0 unless it was applied, as `err`. */
  readonly zxid: Zxid
  readonly err: number
  /** The record behind the reply's header; null unless it was applied. */
  readonly body: Uint8Array | null
}

/** vector of OutcomeAnswer, in the order of the questions */
export const outcomesResponse: Codec<readonly OutcomeAnswer[]> = vector(
  record({ xid: int, state: int, zxid, err: int, body: buffer }),
)
