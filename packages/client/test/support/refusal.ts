/** Why a client gets no connection, without waiting for it to give up. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { TracedConnection, ZooKeeper } from '../../src/index.ts'
import { connectionChannelName } from '../../src/node/diagnostics-tracer.ts'

/** Lets the client connect, and closes it. @returns why its first connection failed; no other client may connect meanwhile */
export async function refusalOf(zk: ZooKeeper): Promise<Error & { readonly code?: string }> {
  const { promise, resolve } = Promise.withResolvers<unknown>()
  const told = (message: unknown): void => {
    const { type, cause } = message as TracedConnection
    if (type === 'lost') resolve(cause)
  }
  subscribe(connectionChannelName, told)
  try {
    zk.connect()
    return (await promise) as Error
  } finally {
    unsubscribe(connectionChannelName, told)
    await zk.close()
  }
}
