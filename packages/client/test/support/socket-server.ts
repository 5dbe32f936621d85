/** A server that takes every session and answers every read of data, over a socket of Node's. */
import type { Socket } from 'node:net'
import { OpCode, pathWatchRequest } from '@quorate/protocol'
import { FakeLink, replyFrame } from './fake-world.ts'
import { dataBody } from './records.ts'

export function serveOver(socket: Socket): void {
  // The far end of the fake link is the socket: what it "receives" is written out.
  const link = new FakeLink(
    { host: '', port: 0 },
    { opened() {}, closed() {}, received: (bytes) => socket.write(bytes) },
  )
  let isAccepted = false
  socket.on('error', () => socket.destroy())
  socket.on('data', (chunk) => {
    link.send(new Uint8Array(chunk))
    if (!isAccepted) {
      isAccepted = true
      link.accept({ timeOut: 300 })
      return
    }
    for (const request of link.requests()) {
      const { xid, type } = request
      if (type === OpCode.getData) {
        const { path } = request.body(pathWatchRequest)
        link.receive(replyFrame(xid, { body: dataBody(`value of ${path}`) }))
      } else link.reply(xid)
    }
  })
}
