/**
 * A session over a raw connection: requests with a codec in and a codec out, one at a time or several on the way.
 * Notifications are kept in the order of their arrival.
 */
import {
  type Codec,
  decode,
  encode,
  errorName,
  OpCode,
  replyHeader,
  replyHeaderLength,
  type SessionId,
  watcherEvent,
  type WatcherEvent,
  Xid,
} from '@quorate/protocol'
import { newSession, RawClient } from './raw-client.ts'

export interface SessionStart {
  /** Default: the loopback interface. */
  readonly host?: string
  readonly timeOut?: number
  /** The session to take up again. */
  readonly sessionId?: SessionId
  readonly password?: Uint8Array
}

export interface RawReply {
  readonly zxid: number
  readonly err: number
  /** Behind the header. */
  readonly body: Uint8Array
}

/** The connection was closed while a reply was awaited. */
export class ClosedError extends Error {
  override readonly name = 'ClosedError'
}

export class RawSession {
  readonly client: RawClient
  readonly sessionId: SessionId
  readonly password: Uint8Array
  readonly timeOut: number
  readonly notifications: WatcherEvent[] = []
  #xid = 0

  private constructor(
    client: RawClient,
    session: { readonly id: SessionId; readonly password: Uint8Array; readonly timeOut: number },
  ) {
    this.client = client
    this.sessionId = session.id
    this.password = session.password
    this.timeOut = session.timeOut
  }

  /** @throws Error when the server refuses the session or closes */
  static async open(port: number, start: SessionStart = {}): Promise<RawSession> {
    const client = await RawClient.connect(port, start.host)
    const request = newSession(start.timeOut ?? 30_000)
    const response = await client.handshake({
      ...request,
      sessionId: start.sessionId ?? request.sessionId,
      passwd: start.password ?? request.passwd,
    })
    if (response === undefined || response.timeOut <= 0) {
      client.destroy()
      throw new Error(response === undefined ? 'closed at connect' : 'the session is refused')
    }
    return new RawSession(client, {
      id: response.sessionId,
      password: response.passwd ?? new Uint8Array(16),
      timeOut: response.timeOut,
    })
  }

  send<Q>(type: OpCode, codec: Codec<Q>, request: Q): number {
    this.client.sendRequest(++this.#xid, type, encode(codec, request))
    return this.#xid
  }

  /**
   * The next reply; notifications before it are put aside.
   * @throws ClosedError when the server has closed
   */
  async reply(timeoutMs?: number): Promise<RawReply & { readonly xid: number }> {
    for (;;) {
      const frame = await this.client.nextFrame(timeoutMs)
      if (frame === undefined) throw new ClosedError('the server closed the connection')
      const header = decode(replyHeader, frame)
      const body = frame.subarray(replyHeaderLength)
      if (header.xid !== Xid.notification) return { ...header, body }
      this.notifications.push(decode(watcherEvent, body))
    }
  }

  /** One request and its reply, whatever its error. */
  async call<Q>(type: OpCode, codec: Codec<Q>, request: Q): Promise<RawReply> {
    this.send(type, codec, request)
    return this.reply()
  }

  /** @throws Error for a reply with an error */
  async ask<Q, R>(type: OpCode, codec: Codec<Q>, request: Q, response: Codec<R>): Promise<R> {
    const { err, body } = await this.call(type, codec, request)
    if (err !== 0)
      throw new Error(`${JSON.stringify(request)} failed with ${errorName(err) ?? err}`)
    return decode(response, body)
  }

  async ping(): Promise<RawReply> {
    this.client.sendRequest(Xid.ping, OpCode.ping)
    return this.reply()
  }

  /** Closes the session, and waits until the server has closed the connection. */
  async close(): Promise<void> {
    this.client.sendRequest(++this.#xid, OpCode.closeSession)
    await this.client.awaitClose(10_000)
    this.client.destroy()
  }

  /** Drops the connection; the session lives on until it expires. */
  abandon(): void {
    this.client.destroy()
  }
}
