/** Nodes of mixed ensembles, asked for through a raw session. */
import assert from 'node:assert/strict'
import {
  CreateMode,
  createRequest,
  type CreateRequest,
  OpCode,
  openAcl,
  pathRecord,
  pathWatchRequest,
} from '@quorate/protocol'
import type { KindName } from '../harness/ensemble-member.ts'
import type { RawSession } from '../harness/raw-session.ts'

export interface Mix {
  /** The last leads. */
  readonly voters: readonly KindName[]
  readonly observers: readonly KindName[]
}

export type NodeFields = Omit<CreateRequest, 'path'>

export const shortSessionMs = 4_000
/** These need no pings. */
export const longSessionMs = 120_000
const persistent: NodeFields = { data: null, acl: openAcl, flags: CreateMode.persistent }
export const ephemeral: NodeFields = { ...persistent, flags: CreateMode.ephemeral }

export async function create(
  session: RawSession,
  path: string,
  fields: NodeFields = persistent,
): Promise<void> {
  const { err } = await session.call(OpCode.create, createRequest, { path, ...fields })
  assert.equal(err, 0, path)
}

/** After all that was written before, wherever that was. */
export async function sync(session: RawSession): Promise<void> {
  assert.equal((await session.call(OpCode.sync, pathRecord, { path: '/' })).err, 0)
}

export async function isThere(session: RawSession, path: string, watch = false): Promise<boolean> {
  const { err } = await session.call(OpCode.exists, pathWatchRequest, { path, watch })
  return err === 0
}
