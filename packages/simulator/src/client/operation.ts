/** What simulated clients ask for, and what they are answered, as plain data: short to write in workloads, easy to check. */
import type {
  CreateMode,
  EndedSession,
  MultiResult,
  OutcomeQuestion,
  Stat,
  WatcherType,
  Zxid,
} from '@quorate/protocol'

export type WriteOperation =
  | {
      readonly type: 'create'
      readonly path: string
      readonly data: string
      readonly mode: CreateMode
      /** For the modes that have a time to live. */
      readonly ttlMs?: number
    }
  | { readonly type: 'delete'; readonly path: string; readonly version: number }
  | {
      readonly type: 'setData'
      readonly path: string
      readonly data: string
      readonly version: number
    }
  | { readonly type: 'check'; readonly path: string; readonly version: number }

/** The paths that a client watches, as setWatches lists them. */
export interface WatchLists {
  readonly data: readonly string[]
  readonly exist: readonly string[]
  readonly child: readonly string[]
  readonly persistent: readonly string[]
  readonly recursive: readonly string[]
}

export type Operation =
  | Exclude<WriteOperation, { readonly type: 'check' }>
  | {
      readonly type: 'getData' | 'exists' | 'getChildren'
      readonly path: string
      readonly watch: boolean
      /** Asked for as a linearizable read, which sets no watch. */
      readonly isLinearizable?: boolean
    }
  | { readonly type: 'multi'; readonly operations: readonly WriteOperation[] }
  /** getData of all of them at one moment. */
  | { readonly type: 'multiRead'; readonly paths: readonly string[] }
  | { readonly type: 'addWatch'; readonly path: string; readonly isRecursive: boolean }
  | { readonly type: 'removeWatches'; readonly path: string; readonly kind: WatcherType }
  | {
      readonly type: 'setWatches'
      readonly relativeZxid: Zxid
      readonly watches: WatchLists
    }
  | { readonly type: 'sync'; readonly path: string }
  /** `user:password` of the digest scheme. */
  | { readonly type: 'auth'; readonly credentials: string }
  /** Members as text, in the form of the server lines; either the first two or the third. */
  | {
      readonly type: 'reconfig'
      readonly joining?: string
      readonly leaving?: string
      readonly newMembers?: string
      /** −1: whatever it is. */
      readonly version: Zxid
    }
  /** What became of these writes of the session, or of one that is over; the library asks by itself. */
  | {
      readonly type: 'outcomes'
      readonly questions: readonly OutcomeQuestion[]
      readonly ended?: EndedSession | undefined
    }
  | { readonly type: 'ping' | 'closeSession' }

/** What a server said of a write whose answer was lost. */
export type Outcome = { readonly xid: number } & (
  | { readonly state: 'neverApplied' | 'unknown' | 'undecided' }
  | {
      readonly state: 'applied'
      readonly zxid: Zxid
      readonly err: number
      readonly operation: Operation
      readonly answer: Answer
    }
)

/** The body of a reply without error; what the operation's kind of reply has not is undefined. */
export interface Answer {
  readonly path?: string
  readonly stat?: Stat
  /** Null data and text that is no UTF-8 do not occur: workloads write text. */
  readonly data?: string
  readonly children?: readonly string[]
  readonly results?: readonly MultiResult[]
  readonly outcomes?: readonly Outcome[]
}

/** Whether a server gives the operation a transaction, and so a zxid, of its own. */
export function isWrite(operation: Operation): boolean {
  switch (operation.type) {
    case 'create':
    case 'delete':
    case 'setData':
    case 'multi':
    case 'reconfig':
    case 'closeSession':
      return true
    default:
      return false
  }
}

export function isLinearizable(operation: Operation): boolean {
  return 'isLinearizable' in operation && operation.isLinearizable
}

/** An operation in a line of the event log. */
export class OperationText {
  readonly mark: string
  readonly #operation: Operation

  constructor(operation: Operation) {
    this.#operation = operation
    this.mark = 'path' in operation ? operation.path : operation.type
  }

  toString(): string {
    return describe(this.#operation)
  }
}

/** One line for the trace. */
export function describe(operation: Operation): string {
  switch (operation.type) {
    case 'ping':
    case 'closeSession':
      return operation.type
    case 'outcomes':
      return `outcomes of ${operation.questions.map(({ xid }) => xid).join(', ')}`
    case 'multi':
      return `multi [${operation.operations.map(describeWrite).join(', ')}]`
    case 'multiRead':
      return `multiRead ${operation.paths.join(' ')}`
    case 'setWatches':
      return `setWatches since ${operation.relativeZxid}`
    case 'addWatch':
      return `addWatch ${operation.isRecursive ? 'recursive ' : ''}${operation.path}`
    case 'removeWatches':
      return `removeWatches ${operation.kind} ${operation.path}`
    case 'getData':
    case 'exists':
    case 'getChildren':
      return `${isLinearizable(operation) ? 'linearizable ' : ''}${operation.type} ${operation.path}${operation.watch ? ' watch' : ''}`
    case 'sync':
      return `sync ${operation.path}`
    case 'auth':
      return `auth ${operation.credentials}`
    case 'reconfig': {
      const { joining = '', leaving = '', newMembers = '', version } = operation
      return `reconfig ${version}, joining [${joining}], leaving [${leaving}], members [${newMembers}]`
    }
    default:
      return describeWrite(operation)
  }
}

function describeWrite(operation: WriteOperation): string {
  switch (operation.type) {
    case 'create':
      return `create ${operation.path} mode ${operation.mode}`
    case 'setData':
      return `setData ${operation.path}=${operation.data} version ${operation.version}`
    default:
      return `${operation.type} ${operation.path} version ${operation.version}`
  }
}
