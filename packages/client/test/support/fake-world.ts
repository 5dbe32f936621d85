/**
 * A world without sockets and timers: a test opens links, says what the server answers, and moves the clock. Nothing
 * happens by itself, so every run is the same.
 */
import { setImmediate as microtasksDone } from 'node:timers/promises'
import {
  Capability,
  type Codec,
  connectRequest,
  type ConnectRequest,
  connectResponse,
  encode,
  JuteReader,
  JuteWriter,
  type OutcomeTerms,
  purePlatform,
  replyHeader,
  requestHeader,
  type SessionId,
  watcherEvent,
  writeInt32,
} from '@quorate/protocol'
import type { Alarm, Clock, Link, LinkListener, ServerAddress, World } from '../../src/index.ts'

/** A request as the server sees it. */
export interface SeenRequest {
  readonly xid: number
  readonly type: number
  body<T>(codec: Codec<T>): T
}

export interface Reply {
  readonly zxid?: number
  readonly err?: number
  readonly body?: Uint8Array
}

/** The server's end of a link. */
export class FakeLink implements Link {
  readonly server: ServerAddress
  readonly writes: Uint8Array[] = []
  isClosed = false
  readonly #listener: LinkListener
  #read = 0

  constructor(server: ServerAddress, listener: LinkListener) {
    this.server = server
    this.#listener = listener
  }

  send(bytes: Uint8Array): void {
    this.writes.push(bytes)
  }

  close(): void {
    this.isClosed = true
  }

  /** The connection is made. */
  connect(): void {
    this.#listener.opened()
  }

  /** The connection is made; returns the client's connect request. */
  open(): ConnectRequest {
    this.#listener.opened()
    return this.#nextFrames(1)[0].body(connectRequest)
  }

  /** Opens the link and takes the session. */
  accept(
    session: {
      readonly id?: bigint
      readonly timeOut?: number
      readonly readOnly?: boolean
      readonly capabilities?: number
      /** Of a server that tells outcomes. */
      readonly outcomes?: OutcomeTerms
    } = {},
  ): ConnectRequest {
    const request = this.open()
    const { outcomes } = session
    const id = (session.id ?? 0x1234n) as SessionId
    this.receive(
      frame(
        encode(connectResponse, {
          protocolVersion: 0,
          timeOut: session.timeOut ?? 30_000,
          sessionId: id,
          passwd: new Uint8Array(16).fill(7),
          readOnly: session.readOnly ?? false,
          ...(outcomes === undefined
            ? session.capabilities === undefined
              ? {}
              : { capabilities: session.capabilities }
            : { capabilities: Capability.outcomes, outcomes }),
        }),
      ),
    )
    return request
  }

  /** The requests that came since the last look. */
  requests(): readonly SeenRequest[] {
    return this.#nextFrames(Infinity).map(({ reader }) => {
      const { xid, type } = requestHeader.decode(reader)
      return { xid, type, body: (codec) => codec.decode(reader) }
    })
  }

  reply(xid: number, { zxid = 0, err = 0, body = new Uint8Array(0) }: Reply = {}): void {
    this.receive(replyFrame(xid, { zxid, err, body }))
  }

  event(type: number, path: string, zxid = -1): void {
    this.receive(eventFrame(type, path, zxid))
  }

  receive(...frames: readonly Uint8Array[]): void {
    this.#listener.received(Buffer.concat(frames))
  }

  break(cause?: unknown): void {
    this.isClosed = true
    this.#listener.closed(cause)
  }

  #nextFrames(countMax: number): { reader: JuteReader; body<T>(codec: Codec<T>): T }[] {
    const bytes = new Uint8Array(Buffer.concat(this.writes))
    const frames = []
    while (this.#read < bytes.length && frames.length < countMax) {
      const length = new JuteReader(bytes, this.#read).readInt()
      const start = this.#read + 4
      this.#read = start + length
      const reader = new JuteReader(bytes, start, this.#read)
      frames.push({ reader, body: <T>(codec: Codec<T>) => codec.decode(reader) })
    }
    return frames
  }
}

export class FakeWorld implements World {
  readonly links: FakeLink[] = []
  readonly platform = purePlatform
  readonly random: { next(): number } = { next: () => 0.5 }
  readonly transport = {
    dial: (server: ServerAddress, listener: LinkListener): Link => {
      const link = new FakeLink(server, listener)
      this.links.push(link)
      return link
    },
  }
  readonly clock: Clock = {
    nowMs: () => this.#nowMs,
    wakeAfter: (delayMs, wake) => this.#wakeAfter(delayMs, wake),
    afterTurn: (run) => void this.#turns.push(run),
  }
  #nowMs = 1000
  #turns: (() => void)[] = []
  readonly #alarms = new Set<{ readonly atMs: number; readonly wake: () => void }>()

  get lastLink(): FakeLink {
    return this.links.at(-1)!
  }

  get alarmCount(): number {
    return this.#alarms.size
  }

  /** Lets everything happen that can happen now. */
  async settle(): Promise<void> {
    do {
      await microtasksDone()
      const turns = this.#turns
      this.#turns = []
      for (const run of turns) run()
      await microtasksDone()
    } while (this.#turns.length > 0)
  }

  /** Moves the clock from alarm to alarm. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms
    for (;;) {
      const next = [...this.#alarms].toSorted((a, b) => a.atMs - b.atMs)[0]
      if (next === undefined || next.atMs > endMs) break
      this.#nowMs = Math.max(this.#nowMs, next.atMs)
      this.#alarms.delete(next)
      next.wake()
      await this.settle()
    }
    this.#nowMs = endMs
    await this.settle()
  }

  /** The process stood still: time passed, and no alarm rang meanwhile. */
  stall(ms: number): void {
    this.#nowMs += ms
  }

  #wakeAfter(delayMs: number, wake: () => void): Alarm {
    const alarm = { atMs: this.#nowMs + delayMs, wake }
    this.#alarms.add(alarm)
    return { cancel: () => void this.#alarms.delete(alarm) }
  }
}

export function replyFrame(xid: number, { zxid = 0, err = 0, body }: Reply): Uint8Array {
  return frame(Buffer.concat([encode(replyHeader, { xid, zxid, err }), body ?? new Uint8Array(0)]))
}

export function eventFrame(type: number, path: string, zxid = -1): Uint8Array {
  return replyFrame(-1, { zxid, body: encode(watcherEvent, { type, state: 3, path }) })
}

export function frame(body: Uint8Array): Uint8Array {
  const writer = new JuteWriter()
  writeInt32(writer.bytes, writer.reserve(4), body.length)
  writer.writeBytes(body)
  return writer.copy()
}
