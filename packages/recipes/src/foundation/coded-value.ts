/** Values as the bytes of nodes: what does not fit its codec is an error of the client's that names the node. */
import { type ValueCodec, ZooKeeperError } from '@quorate/client/core'

/** @throws ZooKeeperError InvalidValue */
export function encodeValue<V>(codec: ValueCodec<V>, path: string, value: V): Uint8Array | null {
  try {
    return codec.encode(value)
  } catch (cause) {
    throw new ZooKeeperError('InvalidValue', { path, cause })
  }
}

/** @throws ZooKeeperError InvalidValue */
export function decodeValue<V>(codec: ValueCodec<V>, path: string, bytes: Uint8Array | null): V {
  try {
    return codec.decode(bytes)
  } catch (cause) {
    throw new ZooKeeperError('InvalidValue', { path, cause })
  }
}
