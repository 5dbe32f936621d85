/** A link over a socket of Node's, plain or encrypted. */
import type { Socket } from 'node:net'
import type { Link, LinkListener } from '../world.ts'

/** @param openedEvent what the socket emits when it can be written to by the client */
export function socketLink(
  socket: Socket,
  openedEvent: 'connect' | 'secureConnect',
  listener: LinkListener,
): Link {
  let isClosed = false
  let cause: Error | undefined
  socket.on(openedEvent, () => listener.opened())
  socket.on('data', (chunk: Buffer) => {
    // A plain Uint8Array: slice() of a Buffer would be a view where the client means a copy.
    if (!isClosed) listener.received(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length))
  })
  socket.on('error', (error) => (cause = error))
  socket.on('close', () => {
    if (!isClosed) listener.closed(cause ?? new Error('the server closed the connection'))
  })
  return {
    send: (bytes) => void socket.write(bytes),
    close() {
      isClosed = true
      socket.destroy()
    },
  }
}
