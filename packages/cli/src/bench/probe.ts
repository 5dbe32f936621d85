/** Waits until a server serves: a session is established and a node was read. */
import { getDataResponse, OpCode, pathWatchRequest } from '@quorate/protocol'
import { type Address, encodeRequest, RawSession } from './raw-session.ts'

export interface ProbeOptions {
  readonly servers: readonly Address[]
  /** A node that must be there. */
  readonly path: string
  readonly timeoutSeconds: number
}

/** @returns bytes of the node's data */
export async function probe(options: ProbeOptions): Promise<number> {
  const endMs = performance.now() + options.timeoutSeconds * 1_000
  for (;;) {
    try {
      return await readOnce(options)
    } catch (error) {
      if (performance.now() > endMs) {
        throw new Error(`${options.path} could not be read within ${options.timeoutSeconds} s`, {
          cause: error,
        })
      }
    }
    await new Promise((resolve) => {
      setTimeout(resolve, 2)
    })
  }
}

async function readOnce({ servers, path }: ProbeOptions): Promise<number> {
  // A server that is starting may accept a connection and never answer on it.
  const session = await RawSession.open(servers[0]!, { connectTimeoutMs: 1_000 })
  try {
    const reply = await session.call(
      encodeRequest(OpCode.getData, pathWatchRequest, { path, watch: false }),
    )
    return getDataResponse.decode(reply!).data?.length ?? 0
  } finally {
    await session.close()
  }
}
