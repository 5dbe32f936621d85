/** A server on a free loopback port that accepts every session and answers each request as its script says. */
import { createServer } from 'node:net'
import {
  connectResponse,
  JuteWriter,
  readInt32,
  replyHeader,
  type SessionId,
  writeInt32,
} from '@quorate/protocol'
import type { Address } from '../../src/bench/raw-session.ts'

export interface ScriptedReply {
  readonly xid: number
  readonly zxid: number
  readonly err: number
}

export interface ScriptedServer {
  readonly address: Address
  close(): Promise<void>
}

/** @param replyTo gives the reply to the request `xid` of the given type */
export async function startScriptedServer(
  replyTo: (xid: number, type: number) => ScriptedReply,
): Promise<ScriptedServer> {
  const server = createServer((socket) => {
    let pending = Buffer.alloc(0)
    let isConnected = false
    socket.on('error', () => socket.destroy())
    socket.on('data', (chunk) => {
      pending = Buffer.concat([pending, chunk])
      while (pending.length >= 4 && pending.length >= 4 + pending.readInt32BE(0)) {
        const frame = pending.subarray(4, 4 + pending.readInt32BE(0))
        pending = pending.subarray(4 + frame.length)
        if (isConnected) {
          const reply = replyTo(readInt32(frame, 0), readInt32(frame, 4))
          socket.write(framed((writer) => replyHeader.encode(writer, reply)))
          if (readInt32(frame, 4) === -11) socket.end()
        } else {
          isConnected = true
          socket.write(framed(acceptSession))
        }
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => {
    server.once('listening', resolve)
  })
  const address = server.address() as { readonly port: number }
  return {
    address: { host: '127.0.0.1', port: address.port },
    async close() {
      await new Promise((resolve) => {
        server.close(resolve)
      })
    },
  }
}

function acceptSession(writer: JuteWriter): void {
  connectResponse.encode(writer, {
    protocolVersion: 0,
    timeOut: 30_000,
    sessionId: 5n as SessionId,
    passwd: new Uint8Array(16),
    readOnly: false,
  })
}

function framed(encode: (writer: JuteWriter) => void): Uint8Array {
  const writer = new JuteWriter()
  writer.writeInt(0)
  encode(writer)
  writeInt32(writer.bytes, 0, writer.position - 4)
  return writer.copy()
}
