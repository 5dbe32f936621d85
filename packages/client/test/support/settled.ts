import type { ZooKeeperError } from '../../src/index.ts'

export interface Settled {
  value?: unknown
  error?: ZooKeeperError
}

/** Empty until the call is settled. */
export function settled(call: Promise<unknown>): Settled {
  const seen: Settled = {}
  call.then(
    (value) => (seen.value = value),
    (error: ZooKeeperError) => (seen.error = error),
  )
  return seen
}
