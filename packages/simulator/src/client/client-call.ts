/** Operations as calls of the client library's methods, and their results as a workload is told of them. */
import {
  type AbortSignalLike,
  type CallOptions,
  type ChangeListener,
  type CreateOptions,
  type Stat,
  type Transaction,
  type WatchOptions,
  type ZooKeeper,
  ZooKeeperError,
} from '@quorate/client/core'
import {
  CreateMode,
  ErrorCode,
  type ErrorName,
  isEphemeral,
  isSequential,
  type MultiResult,
  OpCode,
} from '@quorate/protocol'
import type { Answer, Operation, WriteOperation } from './operation.ts'

export interface CallWish {
  readonly deadlineMs: number | undefined
  readonly signal: AbortSignalLike | undefined
  /** For the watch that the operation asks for, if any. */
  readonly listener: ChangeListener
  /** Where there are methods with a Stat and without one: the one with it. */
  readonly wantsStat: boolean
}

/** What calls may be made with: a pending one is rejected at its deadline, or by its signal. */
type Limit = Pick<CallOptions, 'deadlineMs' | 'signal'>

/** The promise of the method itself: one more in between would change the order in which callers go on. */
export function callMethod(zk: ZooKeeper, operation: Operation, wish: CallWish): Promise<unknown> {
  const { deadlineMs, signal } = wish
  const limit: Limit = {
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
    ...(signal === undefined ? {} : { signal }),
  }
  switch (operation.type) {
    case 'create': {
      const { path, data } = operation
      const options = { ...limit, ...createOptions(operation) }
      return wish.wantsStat
        ? zk.createWithStat(path, data, options)
        : zk.create(path, data, options)
    }
    case 'delete':
      return zk.delete(operation.path, { ...limit, version: operation.version })
    case 'setData':
      return zk.set(operation.path, operation.data, { ...limit, version: operation.version })
    case 'getData':
    case 'exists':
    case 'getChildren':
      return callRead(zk, operation, wish, limit)
    case 'multi':
      return transactionOf(zk, operation.operations).commit(limit)
    case 'multiRead':
      return zk.multiRead(
        operation.paths.map((path) => ({ get: path })),
        limit,
      )
    case 'addWatch': {
      const { path, isRecursive: recursive } = operation
      return zk.addWatch(path, { ...limit, recursive, listener: wish.listener })
    }
    case 'sync':
      return zk.sync(operation.path, limit)
    case 'auth':
      return zk.addAuth('digest', operation.credentials, limit)
    case 'reconfig': {
      const { joining, leaving, newMembers: members, version } = operation
      return zk.reconfig({
        ...limit,
        version,
        ...(joining === undefined ? {} : { joining }),
        ...(leaving === undefined ? {} : { leaving }),
        ...(members === undefined ? {} : { members }),
      })
    }
    case 'closeSession':
      return zk.close()
    default:
      throw new Error(`the client library sends ${operation.type} by itself`)
  }
}

/** What checkers compare of a method's value. The parsed members of a membership follow from its text. */
export function shownOf(operation: Operation, value: unknown): unknown {
  if (operation.type !== 'reconfig') return value
  const { config, stat } = value as { readonly config: string; readonly stat: Stat }
  return { config, stat }
}

type ReadOperation = Extract<Operation, { readonly watch: boolean }>

function callRead(
  zk: ZooKeeper,
  { type, path, watch, isLinearizable }: ReadOperation,
  { listener, wantsStat }: CallWish,
  limit: Limit,
): Promise<unknown> {
  const level: Pick<WatchOptions, 'read'> = isLinearizable ? { read: 'linearizable' } : {}
  const options: WatchOptions = { ...limit, ...level, ...(watch ? { watch: listener } : {}) }
  if (type === 'exists') return zk.exists(path, options)
  if (type === 'getData') return wantsStat ? zk.getWithStat(path, options) : zk.get(path, options)
  return wantsStat ? zk.childrenWithStat(path, options) : zk.children(path, options)
}

function createOptions(
  operation: Extract<WriteOperation, { readonly type: 'create' }>,
): CreateOptions {
  const { mode, ttlMs } = operation
  return {
    ephemeral: isEphemeral(mode),
    sequential: isSequential(mode),
    container: mode === CreateMode.container,
    ...(ttlMs === undefined ? {} : { ttl: ttlMs }),
  }
}

type AnyTransaction = Transaction<'utf8', readonly unknown[]>

function transactionOf(zk: ZooKeeper, operations: readonly WriteOperation[]): AnyTransaction {
  const transaction: AnyTransaction = zk.transaction()
  for (const operation of operations) {
    const { path } = operation
    if (operation.type === 'create')
      transaction.create(path, operation.data, createOptions(operation))
    else if (operation.type === 'setData')
      transaction.set(path, operation.data, { version: operation.version })
    else if (operation.type === 'delete') transaction.delete(path, { version: operation.version })
    else transaction.check(path, operation.version)
  }
  return transaction
}

/** The error as a reply has it; undefined: it was no reply. */
export function errOf(error: unknown): number | undefined {
  if (!(error instanceof ZooKeeperError) || !(error.code in ErrorCode)) return undefined
  return ErrorCode[error.code as ErrorName]
}

/** What a workload is told of a call that was fulfilled. */
export function answerOf({ type }: Operation, value: unknown): Answer {
  switch (type) {
    case 'create':
      return typeof value === 'string' ? { path: value } : (value as Answer)
    case 'setData':
    case 'exists':
      return value === null ? {} : { stat: value as Stat }
    case 'getChildren':
      return Array.isArray(value) ? { children: value as readonly string[] } : (value as Answer)
    case 'getData':
      if (typeof value === 'string') return { data: value }
      return dataOf(value as { readonly value: string; readonly stat: Stat })
    case 'reconfig': {
      const { config, stat } = value as { readonly config: string; readonly stat: Stat }
      return { data: config, stat }
    }
    case 'multi':
      return { results: (value as readonly unknown[]).map(() => ({ type: OpCode.check })) }
    default:
      return {}
  }
}

/** What a workload is told of a transaction that failed: which operation did, and with what. */
export function failureOf(error: ZooKeeperError, err: number): Answer {
  if (error.index === undefined) return {}
  const ok: MultiResult = { type: -1, err: ErrorCode.Ok }
  return {
    results: Array.from({ length: error.index + 1 }, (_, at) =>
      at < error.index! ? ok : { type: -1, err },
    ),
  }
}

function dataOf({ value, stat }: { readonly value: string; readonly stat: Stat }): Answer {
  return { data: value, stat }
}
