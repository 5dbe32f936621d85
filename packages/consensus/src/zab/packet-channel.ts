/**
 * Packets over a link, both ways. What is sent is gathered and leaves with {@link PacketChannel.flush}, once a turn.
 *
 * 1. While the channel is held ({@link PacketChannel.hold}) nothing is taken from it: packets keep their order behind what their
 *    receiver waits for, such as a disk.
 * 2. Whoever is over is told nothing more.
 */
import {
  type Id,
  JuteError,
  JuteWriter,
  PacketType,
  type QuorumPacketLimits,
  QuorumPacketSplitter,
  writeQuorumPacket,
  type Zxid,
} from '@quorate/protocol'
import type { PeerLink, PeerLinkListener } from '../peer-link.ts'

/** One packet; the bytes are valid during the call only. */
export interface ReceivedPacket {
  readonly type: number
  readonly zxid: Zxid
  /** The data is `bytes[start, end)`; `start` is −1 for null. */
  readonly bytes: Uint8Array
  readonly start: number
  readonly end: number
  readonly authinfo: readonly Id[] | null
}

export interface ChannelOwner {
  packetReceived(packet: ReceivedPacket): void
  /** Bytes of a raw stream ({@link PacketChannel.beginRaw}): returns where it ends, or −1 when all were taken. */
  rawReceived(bytes: Uint8Array, start: number, end: number): number
  drained(): void
  /** The link is over: closed by the peer, broken, or what came cannot be understood. */
  channelClosed(reason: string): void
  /** There is output: flush it when the turn ends. */
  outputAppeared(): void
}

const writerBytes = 4_096

export class PacketChannel implements PeerLinkListener {
  readonly #link: PeerLink
  readonly #owner: ChannelOwner
  readonly #splitter: QuorumPacketSplitter
  #out: JuteWriter
  #isHeld = false
  #isRaw = false
  #isOver = false
  #sentBytes = 0
  #receivedBytes = 0
  /** Where in the output the COMMIT is that {@link sendCommit} wrote last. */
  #commitStart = -1
  #commitEnd = -1
  /** Input that came while the channel was held. */
  #held: Uint8Array[] = []

  /** @param limits of the packets that come */
  constructor(link: PeerLink, owner: ChannelOwner, limits: QuorumPacketLimits = {}) {
    this.#link = link
    this.#owner = owner
    this.#splitter = new QuorumPacketSplitter(limits)
    this.#out = new JuteWriter(writerBytes)
  }

  get isOver(): boolean {
    return this.#isOver
  }

  /** Bytes on their way to the peer. */
  get queuedBytes(): number {
    return this.#link.queuedBytes + this.#out.position
  }

  /** Bytes that the peer's side has taken; they grow as long as it goes on taking what it is sent. */
  get takenBytes(): number {
    return this.#sentBytes - this.#link.queuedBytes
  }

  /** Bytes that came, of whole packets or not. */
  get receivedBytes(): number {
    return this.#receivedBytes
  }

  send(
    type: number,
    zxid: Zxid,
    data?: Uint8Array,
    start = 0,
    end: number = data?.length ?? 0,
  ): void {
    if (this.#isOver) return
    if (this.#out.position === 0) this.#owner.outputAppeared()
    writeQuorumPacket(this.#out, type, zxid, data ?? null, start, end)
  }

  /** A COMMIT that stands for those before it too: it takes the place of one that would leave right before it. */
  sendCommit(zxid: Zxid): void {
    const out = this.#out
    if (out.position === this.#commitEnd) out.position = this.#commitStart
    this.#commitStart = out.position
    this.send(PacketType.commit, zxid)
    this.#commitEnd = out.position
  }

  /** For packets that are written field by field, and for a raw stream between packets; the channel may not be over. */
  get writer(): JuteWriter {
    if (this.#out.position === 0) this.#owner.outputAppeared()
    return this.#out
  }

  flush(): void {
    const out = this.#out
    if (out.position === 0) return
    this.#commitEnd = -1
    this.#sentBytes += out.position
    if (this.#isOver || this.#link.write(out.bytes, 0, out.position)) out.clear()
    else this.#out = new JuteWriter(writerBytes)
  }

  /** What was sent still leaves; nothing is received any more, and the owner is not told. */
  close(): void {
    if (this.#isOver) return
    this.flush()
    this.#isOver = true
    this.#held = []
    this.#link.close()
  }

  /** What comes behind the packet that is being taken has these limits. */
  limit(limits: QuorumPacketLimits): void {
    this.#splitter.limit(limits)
  }

  /** From here on bytes go to `rawReceived`, until it says where they end. */
  beginRaw(): void {
    this.#isRaw = true
  }

  hold(): void {
    if (this.#isHeld) return
    this.#isHeld = true
    this.#link.pause()
  }

  release(): void {
    if (!this.#isHeld || this.#isOver) return
    this.#isHeld = false
    const held = this.#held
    this.#held = []
    // The rest of a chunk that was being taken when the channel was held.
    while (held.length > 0 && !this.#isHeld && !this.#isOver) {
      const bytes = held.shift()!
      this.#take(bytes, 0, bytes.length)
    }
    if (this.#isHeld) this.#held.push(...held)
    else if (!this.#isOver) this.#link.resume()
  }

  received(bytes: Uint8Array, start: number, end: number): void {
    if (this.#isOver) return
    this.#receivedBytes += end - start
    if (this.#isHeld) this.#held.push(bytes.slice(start, end))
    else this.#take(bytes, start, end)
  }

  drained(): void {
    if (!this.#isOver) this.#owner.drained()
  }

  closed(reason: string): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#held = []
    this.#owner.channelClosed(reason)
  }

  #take(bytes: Uint8Array, start: number, end: number): void {
    let position = start
    try {
      while (position < end && !this.#isOver && !this.#isHeld)
        position = this.#isRaw
          ? this.#takeRaw(bytes, position, end)
          : this.#takePackets(bytes, position, end)
    } catch (error) {
      if (!(error instanceof JuteError)) throw error
      this.#fail(error.message)
      return
    }
    if (position < end && this.#isHeld) this.#held.unshift(bytes.slice(position, end))
  }

  #takeRaw(bytes: Uint8Array, start: number, end: number): number {
    const at = this.#owner.rawReceived(bytes, start, end)
    if (at === -1) return end
    this.#isRaw = false
    return at
  }

  /** @returns where it stopped: behind a packet that ended the taking of packets, or at the end */
  #takePackets(bytes: Uint8Array, start: number, end: number): number {
    return this.#splitter.push(bytes, start, end, (type, zxid, data, from, to, authinfo) => {
      this.#owner.packetReceived({ type, zxid, bytes: data, start: from, end: to, authinfo })
      return !this.#isOver && !this.#isHeld && !this.#isRaw
    })
  }

  #fail(reason: string): void {
    this.#isOver = true
    this.#held = []
    this.#link.close()
    this.#owner.channelClosed(reason)
  }
}
