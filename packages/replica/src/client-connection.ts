/**
 * One client connection: who it is, what it has asked for, and the replies on their way to it.
 *
 * 1. Replies leave in the order of the requests. A request that is no write waits here while writes before it are under way.
 * 2. A watch event is put out before the reply that shows its change.
 */
import {
  ErrorCode,
  type EventType,
  formatSessionId,
  JuteWriter,
  KeeperState,
  type Platform,
  type SessionId,
  writeInt32,
  writeLong,
  Xid,
  type Zxid,
} from '@quorate/protocol'
import { type Identity, ipIdentity, isSuper, type Watcher } from '@quorate/tree'
import type { ClientLink } from './driver-port.ts'
import { FrameSplitter } from './frame-splitter.ts'
import type { ConnectionView } from './inspection.ts'
import { Latency } from './latency.ts'
import type { ReplyBuffers } from './reply-buffers.ts'
import type { Session } from './session-tracker.ts'

/** A request that waits for writes of its session. */
export interface DeferredRequest {
  /** How many writes of the connection must have been answered first. */
  readonly afterWrites: number
  readonly bytes: Uint8Array
  readonly receivedAtMs: number
  /** Of an auth packet, which takes effect when it comes and is answered in its turn: what became of it. */
  readonly authErr?: number
}

/** What a connection needs of the replica that it belongs to. */
export interface ConnectionHost {
  readonly buffers: ReplyBuffers
  readonly platform: Platform
  readonly juteMaxBuffer: number
  readonly nowMs: number
  /** The connection has output: flush it before the turn ends. */
  outputAppeared(connection: ClientConnection): void
  mayRead(aclId: number, identities: readonly Identity[]): boolean
  replyEnded(lengthBytes: number): void
  /** So much has been gathered that it is to leave now. */
  outputGrew(connection: ClientConnection): void
  eventSent(lengthBytes: number): void
}

export class ClientConnection implements ConnectionView, Watcher {
  readonly link: ClientLink
  readonly splitter: FrameSplitter
  readonly establishedAtMs: number
  readonly latency: Latency = new Latency()
  session: Session | undefined
  /** The session's creation is under way: nothing is read until it is answered. */
  isConnecting = false
  /** The first frame had the readOnly byte, so the answer has it. */
  hasReadOnlyByte = false
  /** Bits of Capability that both sides have; undefined when its first frame announced none, so that the answer has none either. */
  capabilities: number | undefined
  isClosed = false
  /** An auth packet was refused: nothing more is taken, and the connection is closed behind the answer. */
  isRefused = false
  /** When the last input came, on the monotonic clock; requests in it may be taken later. */
  receivedAtMs: number
  /** Reading is stopped until requests under way become fewer. */
  isThrottled = false
  /** Reading is stopped until the peer takes its replies. */
  isBacklogged = false
  writesSubmitted = 0
  writesAnswered = 0
  readonly deferred: DeferredRequest[] = []
  /** Syncs and linearizable reads that are not yet answered: they may wait for more than the writes behind them would. */
  barrierCount = 0
  /** A write that came behind a barrier and must not be seen by the reads between: it waits, and nothing behind it is read. */
  parkedWrite: Uint8Array | undefined
  receivedCount = 0
  sentCount = 0
  lastOperation: number | undefined
  /** −1 before the first request, and after {@link resetStats}. */
  lastCxid = -1
  lastZxid: Zxid = -1
  lastResponseAtMs = 0
  lastLatencyMs = 0
  readonly #host: ConnectionHost
  readonly #out: JuteWriter
  #identities: readonly Identity[]
  #isDirty = false
  #lastFlushBytes = 0
  #replyStart = 0

  constructor(link: ClientLink, host: ConnectionHost) {
    this.link = link
    this.#host = host
    this.splitter = new FrameSplitter(host.juteMaxBuffer)
    this.establishedAtMs = host.nowMs
    this.receivedAtMs = host.nowMs
    this.#identities = [ipIdentity(link.remoteAddress)]
    this.#out = new JuteWriter(0, host.platform)
  }

  get remoteAddress(): string {
    return this.link.remoteAddress
  }

  get remotePort(): number {
    return this.link.remotePort
  }

  get sessionId(): SessionId {
    return this.session?.id ?? (0n as SessionId)
  }

  get sessionTimeoutMs(): number {
    return this.session?.timeoutMs ?? 0
  }

  get outstandingCount(): number {
    return this.writesSubmitted - this.writesAnswered + this.deferred.length
  }

  get isReading(): boolean {
    return (
      !this.isThrottled &&
      !this.isBacklogged &&
      !this.isConnecting &&
      this.parkedWrite === undefined
    )
  }

  get identities(): readonly Identity[] {
    return this.#identities
  }

  get isSuper(): boolean {
    return isSuper(this.#identities)
  }

  /** Who it is, for lines of the log. */
  get logFields(): Readonly<Record<string, unknown>> {
    const remote = `${this.remoteAddress}:${this.remotePort}`
    return this.session === undefined
      ? { remote }
      : { remote, sessionId: formatSessionId(this.session.id) }
  }

  addIdentity(identity: Identity): void {
    const isKnown = this.#identities.some(
      (known) => known.scheme === identity.scheme && known.id === identity.id,
    )
    // The newest first, as whoAmI of Apache tends to show them.
    if (!isKnown) this.#identities = [identity, ...this.#identities]
  }

  resetStats(): void {
    this.receivedCount = 0
    this.sentCount = 0
    this.latency.reset()
    this.lastOperation = undefined
    this.lastCxid = -1
    this.lastZxid = -1
    this.lastLatencyMs = 0
    this.lastResponseAtMs = 0
  }

  /** Starts a frame; the caller writes its body to the returned writer and then calls {@link endFrame}. */
  beginFrame(): JuteWriter {
    const out = this.#out
    if (out.bytes.length === 0) out.bytes = this.#host.buffers.take(this.#lastFlushBytes)
    if (!this.#isDirty) {
      this.#isDirty = true
      this.#host.outputAppeared(this)
    }
    this.#replyStart = out.reserve(4)
    return out
  }

  endFrame(): void {
    writeInt32(this.#out.bytes, this.#replyStart, this.#out.position - this.#replyStart - 4)
  }

  /** Starts a reply: its frame and header. {@link endReply} ends it, or {@link failReply} turns it into an error. */
  beginReply(xid: number, zxid: Zxid, err: number): JuteWriter {
    const out = this.beginFrame()
    const at = out.reserve(16)
    writeInt32(out.bytes, at, xid)
    writeLong(out.bytes, at + 4, zxid)
    writeInt32(out.bytes, at + 12, err)
    return out
  }

  /** Takes back what was written behind the header of the reply under way. */
  failReply(err: number): void {
    const out = this.#out
    out.position = this.#replyStart + 20
    writeInt32(out.bytes, this.#replyStart + 16, err)
  }

  endReply(): void {
    this.endFrame()
    this.sentCount++
    this.#host.replyEnded(this.#out.position - this.#replyStart - 4)
    if (this.#out.position > gatheredBytesMax) this.#host.outputGrew(this)
  }

  /** Takes the reply under way back, as a frame without its length, to be sent later by {@link sendFrame}. */
  cutReply(): Uint8Array {
    const out = this.#out
    const frame = out.bytes.slice(this.#replyStart + 4, out.position)
    out.position = this.#replyStart
    return frame
  }

  sendFrame(frame: Uint8Array): void {
    this.beginFrame().writeBytes(frame, 0, frame.length)
    this.endReply()
  }

  reply(xid: number, zxid: Zxid, err: number): void {
    this.beginReply(xid, zxid, err)
    this.endReply()
  }

  notify(
    type: EventType,
    bytes: Uint8Array,
    start: number,
    end: number,
    zxid: Zxid,
    aclId: number,
  ): void {
    if (this.isClosed || !this.#host.mayRead(aclId, this.#identities)) return
    this.sendEvent({ type, zxid }, bytes, start, end)
  }

  /** @param event `zxid` is that of the change (3.9 and later), −1 for what setWatches catches up on */
  sendEvent(
    event: { readonly type: EventType; readonly zxid: Zxid },
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void {
    const out = this.beginReply(Xid.notification, event.zxid, ErrorCode.Ok)
    out.writeInt(event.type)
    out.writeInt(KeeperState.syncConnected)
    out.writeSpan(bytes, start, end)
    this.#host.eventSent(out.position - this.#replyStart)
    this.endReply()
  }

  /** Hands what was gathered to the link. */
  flush(): void {
    if (!this.#isDirty) return
    this.#isDirty = false
    const out = this.#out
    if (this.isClosed || out.position === 0) {
      out.clear()
      return
    }
    this.#lastFlushBytes = out.position
    const isGone = this.link.write(out.bytes, 0, out.position)
    if (isGone) this.#host.buffers.give(out.bytes)
    out.bytes = noBytes
    out.clear()
  }

  /** Flushes and closes; nothing is read or written afterwards. */
  close(): void {
    if (this.isClosed) return
    this.flush()
    this.isClosed = true
    this.link.close()
  }
}

const noBytes = new Uint8Array(0)
/** Replies are gathered up to here: a burst of large reads may not become one buffer of gigabytes. */
const gatheredBytesMax = 1_048_576
