/** What the failure of a call says about going on. */
import { ZooKeeperError, type ZooKeeperErrorCode } from '@quorate/client/core'

export function codeOf(error: unknown): ZooKeeperErrorCode | undefined {
  return error instanceof ZooKeeperError ? error.code : undefined
}

/** Whether the server may have carried the call out, and nobody could say. */
export function mayHaveBeenApplied(error: unknown): boolean {
  return error instanceof ZooKeeperError && error.applied === 'unknown'
}

/** Whether the call was cut off by a lost connection or a busy server, and the session may go on. */
export function isPassing(error: unknown): boolean {
  const code = codeOf(error)
  return code !== undefined && passingCodes.has(code)
}

/** Whether the session that the call was made in has ended. */
export function isSessionOver(error: unknown): boolean {
  const code = codeOf(error)
  return code === 'SessionExpired' || code === 'Closed'
}

const passingCodes: ReadonlySet<ZooKeeperErrorCode> = new Set<ZooKeeperErrorCode>([
  'ConnectionLoss',
  'OperationTimeout',
  'Overloaded',
  'RequestTimeout',
  'SessionMoved',
  'ThrottledOp',
])
