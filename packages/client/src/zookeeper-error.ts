/**
 * The one error class at the client's edge. Match on `code`; `applied` says whether the server may have carried the
 * call out all the same, and `retryable` whether the same call may succeed if it is made again.
 */
import { errorName, type ErrorName } from '@quorate/protocol'

/** Errors that no server sends. */
export type ClientErrorName =
  /** The caller's signal aborted the call. */
  | 'Aborted'
  /** `close()` was called. */
  | 'Closed'
  /** A value is not what the codec takes or makes. */
  | 'InvalidValue'
  /** So many calls wait for answers that one more would be unbounded. */
  | 'Overloaded'
  /** The reply is longer than `replyBytesMax`. */
  | 'ReplyTooLarge'
  /** The request is longer than `requestBytesMax`, beyond which servers cut the connection. */
  | 'RequestTooLarge'

export type ZooKeeperErrorCode = Exclude<ErrorName, 'Ok'> | ClientErrorName

export interface ZooKeeperErrorOptions {
  readonly path?: string | undefined
  /** The request's name in the protocol (`create`, `getData`). */
  readonly op?: string | undefined
  readonly applied?: 'no' | 'unknown'
  /** Which operation of a transaction failed, from 0. */
  readonly index?: number
  /** Replaces the code's sentence. */
  readonly message?: string
  readonly cause?: unknown
}

export class ZooKeeperError extends Error {
  override readonly name = 'ZooKeeperError'
  readonly code: ZooKeeperErrorCode
  readonly path: string | undefined
  readonly op: string | undefined
  /** Whether the same call may succeed later. Whether that is safe is a question for {@link applied}. */
  readonly retryable: boolean
  /** 'no': nothing was changed. 'unknown': the answer was lost, so the change may have been made. */
  readonly applied: 'no' | 'unknown'
  readonly index: number | undefined

  constructor(code: ZooKeeperErrorCode, options: ZooKeeperErrorOptions = {}) {
    super(
      `${code}: ${sentence(code, options)}`,
      options.cause === undefined ? {} : { cause: options.cause },
    )
    this.code = code
    this.path = options.path
    this.op = options.op
    this.retryable = retryableCodes.has(code)
    this.applied = options.applied ?? 'no'
    this.index = options.index
  }
}

/** The code of a server's error number; one that this client does not know is a SystemError. */
export function errorCodeOf(err: number): Exclude<ErrorName, 'Ok'> {
  const name = errorName(err)
  return name === undefined || name === 'Ok' ? 'SystemError' : name
}

/** The failure of a question about a change whose answer was lost: whether it was made is still unknown. */
export function inDoubt(
  error: unknown,
  { op, path }: { readonly op: string; readonly path: string },
): unknown {
  if (!(error instanceof ZooKeeperError)) return error
  return new ZooKeeperError(error.code, { op, path, applied: 'unknown', cause: error })
}

const retryableCodes: ReadonlySet<ZooKeeperErrorCode> = new Set<ZooKeeperErrorCode>([
  'ConnectionLoss',
  'NewConfigNoQuorum',
  'OperationTimeout',
  'Overloaded',
  'ReconfigInProgress',
  'RequestTimeout',
  'SessionMoved',
  'ThrottledOp',
])

/** `%` stands for the path, or for "the node" where there is none. */
const sentences: Readonly<Record<ZooKeeperErrorCode, string>> = {
  Aborted: 'the call on % was aborted by its signal.',
  ApiError: 'the server refused the call on %.',
  AuthFailed:
    'the server refused the credentials. Check the scheme and the secret of addAuth, or the option sasl.',
  BadArguments:
    'the arguments of the call on % are refused. Check the path, the mode and the types of both.',
  BadVersion: '% has another version than the one expected. Read it again and decide anew.',
  Closed: 'this client was closed. Make a new ZooKeeper to go on.',
  ConnectionLoss: 'the connection was lost before the call on % was answered.',
  DataInconsistency: 'the server found its data inconsistent while it worked on %.',
  EphemeralOnLocalSession:
    '% is ephemeral, and this session is a local one, which may own no ephemeral node.',
  InvalidACL: 'the ACL for % is empty, names an unknown scheme or id, or needs an addAuth first.',
  InvalidCallback: 'the client library misused a callback.',
  InvalidValue: 'the value of % does not fit the codec.',
  MarshallingError: 'the request or the reply for % could not be decoded.',
  NewConfigNoQuorum:
    'no quorum of the new configuration is connected and up to date. Try again when its servers are.',
  NoAuth: 'the identities of this connection may not do this on %. See getAcl and whoAmI.',
  NoChildrenForEphemerals: 'the parent of % is ephemeral, and ephemeral nodes have no children.',
  NoNode: '% does not exist (for a create: its parent does not).',
  NoWatcher: 'this connection has no such watch on %.',
  NodeExists: '% exists already.',
  NotEmpty: '% has children. Delete them first, or delete recursively.',
  NotReadOnly: 'the server is in read-only mode and takes no change of %.',
  OperationTimeout: 'the deadline of the call on % passed before an answer came.',
  Overloaded:
    'too many calls wait for answers (pendingMax, pendingBytesMax). Await some of them, or drained(), before more are made.',
  QuotaExceeded: 'the change of % would exceed its quota.',
  ReconfigDisabled: 'reconfiguration is disabled on the server (reconfigEnabled).',
  ReconfigInProgress: 'another reconfiguration is in progress. Try again when it is done.',
  ReplyTooLarge: 'the reply about % is longer than replyBytesMax. Raise it, or read less at once.',
  RequestTimeout: 'the server gave no answer in time about %.',
  RequestTooLarge:
    'the request for % is longer than requestBytesMax (the server has its own limit, jute.maxbuffer).',
  RuntimeInconsistency: 'the server found its state inconsistent while it worked on %.',
  SessionClosedRequireSaslAuth: 'the server demands an authentication that this client did not do.',
  SessionExpired:
    'the session has expired; its ephemeral nodes and watches are gone. Make a new ZooKeeper to go on, or let this one do so (onExpired).',
  SessionMoved: 'the session is now served by another server.',
  SystemError: 'the server failed while it worked on %.',
  ThrottledOp: 'the server is overloaded and did not carry out the call on %. Try again later.',
  Unimplemented: 'the server does not know this operation, or it is not enabled there.',
  UnknownSession: 'the server does not know this session.',
}

function sentence(code: ZooKeeperErrorCode, options: ZooKeeperErrorOptions): string {
  const text =
    (options.message ?? sentences[code].replace('%', options.path ?? 'the node')) + why(options)
  const position =
    options.index === undefined ? '' : ` (operation ${options.index + 1} of the transaction)`
  const doubt =
    options.applied === 'unknown'
      ? ' The server may have carried it out: read before you retry.'
      : ''
  return `${text}${position}${doubt}`
}

/** Many a log shows the message alone, so what is behind the code's own sentence is told with it. */
function why({ cause, message }: ZooKeeperErrorOptions): string {
  if (message !== undefined || !(cause instanceof Error) || cause.message === '') return ''
  return ` Why: ${cause.message.replace(/\.$/, '')}.`
}
