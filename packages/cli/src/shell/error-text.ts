/** What zkCli prints for an error of the server. */
import { ZooKeeperError, type ZooKeeperErrorCode } from '@quorate/client'
import { CommandError } from './command-error.ts'

type Texts = Readonly<Partial<Record<ZooKeeperErrorCode, string>>>

/** Followed by the path. */
const textsWithPath: Texts = {
  NoNode: 'Node does not exist: ',
  NoChildrenForEphemerals: 'Ephemerals cannot have children: ',
  NodeExists: 'Node already exists: ',
  NotEmpty: 'Node not empty: ',
  NotReadOnly: 'Not a read-only call: ',
  InvalidACL: 'Acl is not valid : ',
  NoAuth: 'Insufficient permission : ',
  BadArguments: 'Arguments are not valid : ',
  BadVersion: 'version No is not valid : ',
  QuotaExceeded: 'Quota has exceeded : ',
}

const textsWithoutPath: Texts = {
  ReconfigInProgress:
    'Another reconfiguration is in progress -- concurrent reconfigs not supported (yet)',
  NewConfigNoQuorum:
    'No quorum of new config is connected and up-to-date with the leader of last commmitted config - try invoking reconfiguration after new servers are connected and synced',
}

/** Names of codes in Java's messages, where they are not the code itself. */
const javaNames: Texts = {
  ApiError: 'APIError',
  NotEmpty: 'Directory not empty',
  SessionExpired: 'Session expired',
  InvalidCallback: 'Invalid callback',
  SessionMoved: 'Session moved',
  NotReadOnly: 'Not a read-only call',
  EphemeralOnLocalSession: 'Ephemeral node on local session',
  NoWatcher: 'No such watcher',
  ReconfigDisabled: 'Reconfig is disabled',
  SessionClosedRequireSaslAuth: 'Session closed because client failed to authenticate',
  QuotaExceeded: 'Quota has exceeded',
  ThrottledOp: 'Op throttled due to high load',
}

/** Codes that only our client has, and that zkCli therefore has no words for. */
const ownCodes: ReadonlySet<ZooKeeperErrorCode> = new Set<ZooKeeperErrorCode>([
  'Aborted',
  'Closed',
  'InvalidValue',
  'OperationTimeout',
  'Overloaded',
  'ReplyTooLarge',
  'RequestTooLarge',
])

export function errorText(error: unknown): string {
  if (error instanceof CommandError) return error.message
  if (!(error instanceof ZooKeeperError)) return String(error)
  const withPath = textsWithPath[error.code]
  if (withPath !== undefined && error.path !== undefined) return withPath + error.path
  return textsWithoutPath[error.code] ?? keeperErrorText(error)
}

/** KeeperException's own message. */
export function keeperErrorText(error: ZooKeeperError): string {
  if (ownCodes.has(error.code)) return error.message
  const name = javaNames[error.code] ?? error.code
  return `KeeperErrorCode = ${name}${error.path === undefined ? '' : ` for ${error.path}`}`
}
