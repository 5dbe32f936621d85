/** The first frames on a connection: the client's connect request and the server's answer. */
import {
  Capability,
  connectRequest,
  type ConnectRequest,
  connectResponse,
  type ConnectResponse,
  errorName,
  JuteReader,
  JuteWriter,
  type Platform,
  replyHeader,
  replyHeaderLength,
  writeInt32,
} from '@quorate/protocol'
import { ZooKeeperError } from './zookeeper-error.ts'

/** What this client can do beyond Apache's protocol. */
const ownCapabilities = Capability.linearizableReads | Capability.outcomes

/** Servers that do not know what a client can do beyond Apache's protocol look at no byte of it. */
export function connectFrame(
  request: Omit<ConnectRequest, 'capabilities'>,
  platform: Platform,
): Uint8Array {
  const writer = new JuteWriter(64, platform)
  writer.reserve(4)
  connectRequest.encode(writer, { ...request, capabilities: ownCapabilities })
  writeInt32(writer.bytes, 0, writer.position - 4)
  return writer.written()
}

/** @throws ZooKeeperError ConnectionLoss when the bytes are none: the server takes no session, though another one may */
export function readConnectResponse(
  bytes: Uint8Array,
  start: number,
  end: number,
): ConnectResponse {
  // No connect response is as short as this, which is why it would be read past its end.
  if (end - start === replyHeaderLength)
    throw noSession(refusalOf(replyHeader.decode(new JuteReader(bytes, start, end)).err))
  try {
    return connectResponse.decode(new JuteReader(bytes, start, end))
  } catch (cause) {
    throw noSession('it answered the connect request with something else', cause)
  }
}

/** Apache's servers answer a connect request that they refuse with the header of a reply. */
function refusalOf(err: number): string {
  const name = errorName(err) ?? `error ${err}`
  return name === 'NotReadOnly'
    ? 'it is cut off from its ensemble and read-only, and an Apache server gives new sessions then only with localSessionsEnabled=true (NotReadOnly)'
    : `it refused the connect request with ${name}`
}

function noSession(why: string, cause?: unknown): ZooKeeperError {
  return new ZooKeeperError('ConnectionLoss', {
    message: `the server takes no session: ${why}.`,
    cause,
  })
}

/** Whether the server knows reads that are linearizable by themselves. */
export function readsLinearizably({ capabilities = 0 }: ConnectResponse): boolean {
  return (capabilities & Capability.linearizableReads) !== 0
}
