/**
 * Ends somebody else's session, as its expiry does: the server removes its ephemeral nodes, and its owner is told that the session
 * is gone when it asks. Expiry and closing are the same transaction to a server; what differs is who asks for it. Here a stranger
 * does, who takes the session over and closes it in one breath, so that its owner can't come back in between.
 */
import type { Link, ServerAddress, Transport } from '@quorate/client/core'
import {
  connectRequest,
  JuteWriter,
  OpCode,
  requestHeader,
  type SessionId,
  sessionPassword,
  writeInt32,
} from '@quorate/protocol'

/** Who has a session: a client, or what makes a session usable by another client. */
export type Expirable =
  | { readonly sessionId: SessionId | undefined }
  | { readonly id: SessionId; readonly password: Uint8Array }

/** @throws Error for a client that never was connected */
export function sessionIdOf(owner: Expirable): SessionId {
  const id = 'id' in owner ? owner.id : owner.sessionId
  if (id !== undefined) return id
  throw new Error(
    'the client has no session that could expire: it has not connected yet; let it make a call first',
  )
}

/** A follower may have to wait for its leader, or for an election. In real time, whatever clock the session is on. */
const deadlineMs = 10_000
const pauseMs = 20

export async function endSession(
  transport: Transport,
  servers: readonly ServerAddress[],
  id: SessionId,
): Promise<void> {
  const untilMs = performance.now() + deadlineMs
  for (let attempt = 0; performance.now() < untilMs; attempt++) {
    const server = servers[attempt % servers.length]!
    if (await isEndedBy(transport, server, id, untilMs)) return
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
  const names = servers.map(({ host, port }) => `${host}:${port}`).join(', ')
  throw new Error(
    `the session 0x${id.toString(16)} could not be ended: none of ${names} answered within ${deadlineMs} ms; a majority of the members must run and reach each other`,
  )
}

/** Whether the server has answered that the session is over: with a reply to its closing, or as it knows no such session. */
function isEndedBy(
  transport: Transport,
  server: ServerAddress,
  id: SessionId,
  untilMs: number,
): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = (isEnded: boolean): void => {
      clearTimeout(overdue)
      link.close()
      resolve(isEnded)
    }
    let received = new Uint8Array(0)
    const link: Link = transport.dial(server, {
      opened: () => link.send(takeOverAndClose(id)),
      received: (bytes) => {
        received = joined(received, bytes)
        const answer = answerIn(received)
        if (answer !== undefined) settle(answer)
      },
      closed: () => settle(false),
    })
    const overdue = setTimeout(() => settle(false), untilMs - performance.now())
  })
}

function takeOverAndClose(id: SessionId): Uint8Array {
  const writer = new JuteWriter(128)
  frame(writer, () =>
    connectRequest.encode(writer, {
      protocolVersion: 0,
      lastZxidSeen: 0,
      timeOut: deadlineMs,
      sessionId: id,
      passwd: sessionPassword(id),
      readOnly: false,
    }),
  )
  frame(writer, () => requestHeader.encode(writer, { xid: 1, type: OpCode.closeSession }))
  return writer.written()
}

function frame(writer: JuteWriter, write: () => void): void {
  const start = writer.reserve(4)
  write()
  writeInt32(writer.bytes, start, writer.position - start - 4)
}

/** `int length · int protocolVersion · int timeOut …`: a timeout of 0 says that there is no such session. */
function answerIn(bytes: Uint8Array): boolean | undefined {
  if (bytes.length < 12) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  const welcomeLength = 4 + view.getInt32(0)
  if (view.getInt32(8) === 0) return true
  const replyStart = welcomeLength + 4 + 4 + 8
  return bytes.length < replyStart + 4 ? undefined : view.getInt32(replyStart) === 0
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(first.length + second.length)
  all.set(first)
  all.set(second, first.length)
  return all
}
