/** The first frames on a connection: the client's connect request and the server's answer. */
import {
  Capability,
  connectRequest,
  type ConnectRequest,
  connectResponse,
  type ConnectResponse,
  JuteReader,
  JuteWriter,
  type Platform,
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

/** @throws ZooKeeperError when the bytes are none; a server that may serve no session sends a reply header instead */
export function readConnectResponse(
  bytes: Uint8Array,
  start: number,
  end: number,
): ConnectResponse {
  try {
    return connectResponse.decode(new JuteReader(bytes, start, end))
  } catch (cause) {
    throw new ZooKeeperError('ConnectionLoss', {
      message:
        'the server answered the connect request with something else; it takes no session now.',
      cause,
    })
  }
}

/** Whether the server knows reads that are linearizable by themselves. */
export function readsLinearizably({ capabilities = 0 }: ConnectResponse): boolean {
  return (capabilities & Capability.linearizableReads) !== 0
}
