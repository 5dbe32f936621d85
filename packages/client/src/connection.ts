/**
 * One established connection of a session: numbers the requests, packs all that are made in one turn into one write,
 * and matches the replies.
 *
 * 1. Requests are written in the order in which they are sent here, and answered in that order.
 * 2. A watch event is told before the reply that follows it on the wire.
 * 3. Of a write that is sent to a server of ours it is known how to ask about it later, and what to send again; no more of them are
 *    unanswered than the server keeps outcomes of.
 * 4. When a request is answered it is told when it went out: not of every request, but of one after the other.
 * 5. After {@link abandon} nothing is sent, settled or told any more.
 */
import {
  authPacket,
  JuteReader,
  JuteWriter,
  OpCode,
  type OutcomeTerms,
  type SetWatches2Request,
  setWatches2Request,
  setWatchesRequest,
  type WatcherEvent,
  watcherEvent,
  writeInt32,
  Xid,
  type Zxid,
} from '@quorate/protocol'
import { Call } from './call.ts'
import type { FrameSink } from './frame-decoder.ts'
import { sync as syncOperation } from './operations.ts'
import type { Link, World } from './world.ts'
import { errorCodeOf, ZooKeeperError } from './zookeeper-error.ts'

/** An identity that the session claims on each connection. */
export interface Credential {
  readonly scheme: string
  readonly auth: Uint8Array | null
  /** The addAuth that waits for the answer, on the first connection only. */
  readonly call: Call
}

export interface ConnectionListener {
  /** A watch fired; the zxid is unknown from servers before 3.9. */
  notified(event: WatcherEvent, zxid: Zxid | undefined): void
  /** The server has answered, and has come as far as this zxid. */
  answered(zxid: Zxid): void
  /** The server has answered something that went out then. */
  confirmed(sentAtMs: number): void
  /** A write that had no room before has it now. */
  roomMade(): void
  /** The server does not know this identity; it closes the connection. */
  refused(credential: Credential): void
  /** The peer broke the protocol: the connection is of no more use. */
  broke(cause: Error): void
}

export interface ServerAbilities {
  readonly readsLinearizably: boolean
  /** What outcomes of writes it keeps; undefined: it can't be asked for any. */
  readonly outcomes: OutcomeTerms | undefined
}

export interface ConnectionLimits {
  readonly requestBytesMax: number
  readonly replyBytesMax: number
}

/** Counts the requests of a session. A server's outcome of a request is known by session and xid, so a new connection goes on. */
export class XidSequence {
  #last: number

  /** @param last the xid before the first one */
  constructor(last = 0) {
    this.#last = last
  }

  next(): number {
    this.#last = this.#last === 0x7fff_ffff ? 1 : this.#last + 1
    return this.#last
  }
}

export class Connection implements FrameSink {
  readonly #link: Link
  readonly #world: World
  readonly #listener: ConnectionListener
  readonly #limits: ConnectionLimits
  readonly #readsLinearizably: boolean
  readonly #xids: XidSequence
  readonly #reader: JuteReader
  readonly #inFlightByXid = new Map<number, Call>()
  readonly #credentialsInFlight: Credential[] = []
  #writer: JuteWriter
  #isFlushDue = false
  #isAbandoned = false
  /** What outcomes the server keeps; undefined: none. */
  readonly #terms: OutcomeTerms | undefined
  #lastSentAtMs: number
  #writesInFlight = 0
  #hadNoRoom = false
  /** What is sent from here on comes behind this transaction. */
  #zxid: Zxid
  #askedAtMs = Infinity
  /** The request whose answer is to confirm the session; {@link noXid}: the next one will be. */
  #probeXid = noXid
  /** The first request that the link has not been given yet; {@link noXid}: it was given all. */
  #unflushedXid = noXid
  #probeAtMs = Infinity
  #pingsInFlight = 0

  constructor(
    link: Link,
    world: World,
    xids: XidSequence,
    options: ConnectionLimits & ServerAbilities,
    listener: ConnectionListener,
  ) {
    this.#link = link
    this.#world = world
    this.#xids = xids
    this.#limits = options
    this.#readsLinearizably = options.readsLinearizably
    this.#terms = options.outcomes
    this.#zxid = options.outcomes?.zxid ?? 0
    this.#listener = listener
    this.#reader = new JuteReader(new Uint8Array(0), 0, 0, {
      platform: world.platform,
      lengthMax: options.replyBytesMax,
    })
    this.#writer = new JuteWriter(writerCapacity, world.platform)
    this.#lastSentAtMs = world.clock.nowMs()
  }

  get inFlightCount(): number {
    return this.#inFlightByXid.size
  }

  /** Whether the server can be asked what became of earlier writes. */
  get tellsOutcomes(): boolean {
    return this.#terms !== undefined
  }

  /** Whether the call may be sent now. */
  hasRoomFor(call: Call): boolean {
    if (!call.operation.isWrite || this.#terms === undefined) return true
    this.#hadNoRoom = this.#writesInFlight >= this.#terms.writesMax
    return !this.#hadNoRoom
  }

  get lastSentAtMs(): number {
    return this.#lastSentAtMs
  }

  /** When the first write since the last {@link heard} went out; never is Infinity. */
  get askedAtMs(): number {
    return this.#askedAtMs
  }

  /** Bytes came from the server. */
  heard(): void {
    this.#askedAtMs = Infinity
  }

  send(call: Call): void {
    if (call.operation.type === OpCode.outcomes && this.#terms === undefined) {
      call.fail('Unimplemented')
      return
    }
    const isExtended = call.operation.isLinearizable === true && this.#readsLinearizably
    if (call.operation.isLinearizable && !isExtended) this.#sendSyncBefore(call)
    const start = this.#writer.position
    const xid = this.#xids.next()
    try {
      const length = isExtended
        ? this.#frame(xid, OpCode.linearizableRead, (writer) => {
            writer.writeInt(call.operation.type)
            call.writeRequest(writer)
          })
        : this.#frame(xid, call.operation.type, (writer) => call.writeRequest(writer))
      if (length > this.#limits.requestBytesMax) {
        this.#writer.position = start
        call.fail(
          'RequestTooLarge',
          new Error(`${length} bytes, and ${this.#limits.requestBytesMax} are allowed`),
        )
        return
      }
    } catch (error) {
      // An argument of the wrong type, from a caller without type checks: half a frame must not go out.
      this.#writer.position = start
      call.fail('BadArguments', error)
      return
    }
    call.sent(this.#writer.position - start)
    this.#inFlightByXid.set(xid, call)
    if (this.#unflushedXid === noXid) this.#unflushedXid = xid
    if (this.#probeXid === noXid) this.#probeXid = xid
    if (call.operation.isWrite && this.#terms !== undefined) this.#prepareForLoss(call, xid, start)
  }

  /** The caller may use its buffers again: what may have to be sent once more is copied from where it was just written. */
  #prepareForLoss(call: Call, xid: number, start: number): void {
    this.#writesInFlight++
    call.question = { xid, after: this.#zxid }
    if (!call.isCaptured)
      call.keep(this.#writer.bytes.slice(start + headerBytes, this.#writer.position))
  }

  /**
   * What a server that knows no linearizable reads can give: it catches up with its leader, and answers in order. A
   * leader of Apache's that was replaced and does not know it yet may have nothing to catch up with.
   */
  #sendSyncBefore(call: Call): void {
    const sync = syncOperation({ server: '/', client: call.operation.path ?? '/' })
    this.send(
      new Call(
        sync,
        () => {},
        (error) => call.fail(error.code, error),
      ),
    )
  }

  sendPing(): void {
    this.#frame(Xid.ping, OpCode.ping, () => {})
    // Which of several pings an answer is of, nobody can tell.
    if (this.#pingsInFlight++ === 0 && this.#probeXid === noXid) this.#probeXid = Xid.ping
  }

  sendAuth(credential: Credential): void {
    this.#credentialsInFlight.push(credential)
    const { scheme, auth } = credential
    this.#frame(Xid.auth, OpCode.auth, (writer) =>
      authPacket.encode(writer, { type: 0, scheme, auth }),
    )
  }

  /** Servers before 3.6 know only the request without persistent watches, so it is used wherever it will do. */
  sendWatches(request: SetWatches2Request): void {
    const isPersistent =
      request.persistentWatches.length + request.persistentRecursiveWatches.length > 0
    const type = isPersistent ? OpCode.setWatches2 : OpCode.setWatches
    const codec = isPersistent ? setWatches2Request : setWatchesRequest
    this.#frame(Xid.setWatches, type, (writer) => codec.encode(writer, request))
  }

  /** The calls that were sent and not answered, in their order. */
  abandon(): readonly Call[] {
    this.#isAbandoned = true
    const calls = [...this.#inFlightByXid.values()]
    let wasFlushed = true
    for (const [xid, call] of this.#inFlightByXid) {
      if (xid === this.#unflushedXid) wasFlushed = false
      call.left(wasFlushed)
    }
    this.#inFlightByXid.clear()
    return calls
  }

  frame(bytes: Uint8Array, start: number, end: number): void {
    if (this.#isAbandoned) return
    try {
      this.#receive(this.#reader.reset(bytes, start, end))
    } catch (error) {
      this.#listener.broke(error as Error)
    }
  }

  oversized(bytes: Uint8Array, start: number, end: number): void {
    if (this.#isAbandoned) return
    try {
      const reader = this.#reader.reset(bytes, start, end)
      const xid = reader.readInt()
      if (xid === this.#probeXid) this.#confirm()
      const call = this.#take(xid)
      reader.readLong()
      call.operation.answered?.(reader.readInt())
      call.fail('ReplyTooLarge')
      this.#makeRoom(call)
    } catch (error) {
      this.#listener.broke(error as Error)
    }
  }

  #receive(reader: JuteReader): void {
    const xid = reader.readInt()
    const zxid = reader.readLong()
    const err = reader.readInt()
    if (zxid > this.#zxid) this.#zxid = zxid
    if (zxid > 0 && xid !== Xid.notification) this.#listener.answered(zxid)
    if (xid === this.#probeXid) this.#confirm()
    switch (xid) {
      case Xid.notification:
        this.#listener.notified(watcherEvent.decode(reader), zxid > 0 ? zxid : undefined)
        return
      case Xid.ping:
        this.#pingsInFlight--
        return
      case Xid.setWatches:
        return
      case Xid.auth:
        this.#answerAuth(err)
        return
      default:
        this.#answer(this.#take(xid), err, reader)
    }
  }

  #confirm(): void {
    this.#listener.confirmed(this.#probeAtMs)
    this.#probeXid = noXid
    this.#probeAtMs = Infinity
  }

  #take(xid: number): Call {
    const call = this.#inFlightByXid.get(xid)
    if (call === undefined)
      throw new Error(`the server answered xid ${xid}, which waits for no answer`)
    this.#inFlightByXid.delete(xid)
    call.left()
    if (call.question !== undefined) this.#writesInFlight--
    return call
  }

  #answer(call: Call, err: number, reader: JuteReader): void {
    call.answer(err, reader)
    this.#makeRoom(call)
  }

  #makeRoom(call: Call): void {
    if (!call.operation.isWrite || !this.#hadNoRoom) return
    this.#hadNoRoom = false
    this.#listener.roomMade()
  }

  /** A server answers auth packets ahead of earlier requests, but in their own order. */
  #answerAuth(err: number): void {
    const credential = this.#credentialsInFlight.shift()
    if (credential === undefined)
      throw new Error('the server answered an addAuth that was never made')
    if (err === 0) credential.call.succeed(undefined)
    else {
      this.#listener.refused(credential)
      credential.call.failWith(new ZooKeeperError(errorCodeOf(err), { op: 'auth' }))
    }
  }

  /** Appends a request to the batch of this turn and returns the frame's length without its own length field. */
  #frame(xid: number, type: number, writeBody: (writer: JuteWriter) => void): number {
    const writer = this.#writer
    const start = writer.reserve(lengthBytes)
    writer.writeInt(xid)
    writer.writeInt(type)
    writeBody(writer)
    const length = writer.position - start - lengthBytes
    writeInt32(writer.bytes, start, length)
    if (!this.#isFlushDue) {
      this.#isFlushDue = true
      this.#world.clock.afterTurn(() => this.#flush())
    }
    return length
  }

  #flush(): void {
    this.#isFlushDue = false
    if (this.#isAbandoned || this.#writer.position === 0) return
    this.#unflushedXid = noXid
    this.#lastSentAtMs = this.#world.clock.nowMs()
    if (this.#askedAtMs === Infinity) this.#askedAtMs = this.#lastSentAtMs
    if (this.#probeXid !== noXid && this.#probeAtMs === Infinity)
      this.#probeAtMs = this.#lastSentAtMs
    // The link owns the bytes that it is given. A copy of a few costs less than another buffer to write into.
    if (this.#writer.position <= copiedMost) {
      this.#link.send(this.#writer.copy())
      this.#writer.clear()
      return
    }
    this.#link.send(this.#writer.written())
    this.#writer = new JuteWriter(writerCapacity, this.#world.platform)
  }
}

/** Of no request. */
const noXid = 0
const lengthBytes = 4
/** Of a request: its length, xid and type. */
const headerBytes = 12
const writerCapacity = 1024
/** Bytes of a batch that is sent as a copy. */
const copiedMost = 512
