/**
 * Turns an accepted connection into a socket that reads into one buffer all connections share.
 *
 * Node's usual path allocates a Buffer per read and passes it through a stream; `onread` with a buffer of ours avoids
 * both, a fifth of the cost of an unpipelined request. The public API offers `onread` only for outgoing connections, so
 * the accepted handle is taken from the listening handle's callback. Where a runtime has no such handle the usual path
 * is used: the same bytes arrive, a little slower.
 */
import { type Server, Socket, type SocketConstructorOpts } from 'node:net'
import { readBuffer } from '../read-buffer.ts'

export type Receiver = (bytes: Uint8Array, end: number) => void

interface AcceptedHandle {
  close(): void
}

interface ListeningHandle {
  onconnection: (status: number, handle: AcceptedHandle | undefined) => void
}

export class SocketAcceptor {
  readonly #accepted: (socket: Socket) => Receiver | undefined
  readonly #failed: (status: number) => void

  /**
   * @param accepted tells where a new socket's bytes go, or undefined when it was refused
   * @param failed a connection could not be accepted; `status` is the system's negative error number
   */
  constructor(
    accepted: (socket: Socket) => Receiver | undefined,
    failed: (status: number) => void,
  ) {
    this.#accepted = accepted
    this.#failed = failed
  }

  /** Call when the server listens. Returns which way of reading is used. */
  attach(server: Server): 'sharedBuffer' | 'streams' {
    const handle = Reflect.get(server, '_handle') as Partial<ListeningHandle> | undefined
    if (typeof handle?.onconnection !== 'function') {
      server.on('connection', (socket) => this.acceptStream(socket))
      return 'streams'
    }
    handle.onconnection = (status, accepted) => {
      if (status !== 0 || accepted === undefined) this.#failed(status)
      else this.#acceptHandle(accepted)
    }
    return 'sharedBuffer'
  }

  #acceptHandle(handle: AcceptedHandle): void {
    let receiver: Receiver | undefined
    const options = {
      handle,
      onread: {
        buffer: readBuffer,
        callback: (length: number, bytes: Uint8Array): boolean => {
          receiver!(bytes, length)
          return true
        },
      },
    }
    const socket = new Socket(options as SocketConstructorOpts)
    receiver = this.#accepted(socket)
    if (receiver !== undefined) socket.resume()
  }

  /** The usual path, for a socket that the runtime has accepted. */
  acceptStream(socket: Socket): void {
    const receiver = this.#accepted(socket)
    if (receiver === undefined) return
    socket.on('data', (bytes) => receiver(bytes, bytes.length))
    socket.resume()
  }
}
