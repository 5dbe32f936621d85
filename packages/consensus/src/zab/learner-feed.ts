/**
 * What a learner is sent, in one order: first the long part of its synchronisation (an image of the state, or the log on disk),
 * in slices and no faster than the learner takes it; then the packets that were queued meanwhile; then each packet as it comes.
 *
 * 1. The queue holds references to proposals, not copies: a learner that takes long costs what its packets' bytes are, once
 *    for all learners.
 * 2. It is bounded: who falls too far behind has to start again.
 */
import { PacketType, type Zxid } from '@quorate/protocol'
import type { Proposal } from '../engine.ts'
import type { PacketChannel } from './packet-channel.ts'
import type { ProposalReader, StateImage } from './zab-ports.ts'

interface Queued {
  readonly type: number
  readonly zxid: Zxid
  readonly data: Uint8Array | undefined
}

export type LongPart =
  /** `hasTail`: the learner takes what stands behind the image. */
  | { readonly kind: 'image'; readonly image: StateImage; readonly hasTail: boolean }
  /** Transactions up to and with `last` are sent as PROPOSAL and COMMIT. */
  | { readonly kind: 'log'; readonly reader: ProposalReader; readonly last: Zxid }

/** Bytes on their way to a learner above which a long part waits. */
const inFlightBytesMax = 1_048_576
const sliceBytes = 131_072
/** Behind a SNAP's stream: proof that the learner has read all of it. */
const signature = 'BenWasHere'

export interface FeedParts {
  readonly channel: PacketChannel
  readonly queueBytesMax: number
  /** Calls `run` when others had their turn. */
  readonly later: (run: () => void) => void
  /** The log on disk has a gap where none may be: the learner must start again. */
  readonly broken: () => void
}

export class LearnerFeed {
  readonly #channel: PacketChannel
  readonly #queueBytesMax: number
  #long: LongPart | undefined
  /** Set while a long part is awaited: an image that cannot be opened yet. */
  #isWaiting = false
  /** The image has been sent, and its tail has not. */
  #isAtTail = false
  #queue: Queued[] = []
  #queuedBytes = 0
  #hadGap = false
  readonly #later: (run: () => void) => void
  /** The next slice has its turn already. */
  #isNextDue = false
  readonly #broken: () => void

  constructor({ channel, queueBytesMax, later, broken }: FeedParts) {
    this.#channel = channel
    this.#queueBytesMax = queueBytesMax
    this.#later = later
    this.#broken = broken
  }

  /** Whether packets go straight to the learner. */
  get isLive(): boolean {
    return this.#long === undefined && !this.#isWaiting
  }

  /** The log on disk ended before the window began. */
  get hadGap(): boolean {
    return this.#hadGap
  }

  /** More waits for the learner than may. */
  get isOverfull(): boolean {
    return this.#queuedBytes + this.#channel.queuedBytes > this.#queueBytesMax
  }

  send(type: number, zxid: Zxid, data?: Uint8Array): void {
    if (this.isLive) return this.#channel.send(type, zxid, data)
    this.#queue.push({ type, zxid, data })
    this.#queuedBytes += data?.length ?? 0
  }

  /** See {@link PacketChannel.sendCommit}. */
  sendCumulativeCommit(zxid: Zxid): void {
    if (this.isLive) this.#channel.sendCommit(zxid)
    else this.send(PacketType.commit, zxid)
  }

  sendCommitted({ zxid, bytes }: Proposal): void {
    this.send(PacketType.proposal, zxid, bytes)
    this.send(PacketType.commit, zxid)
  }

  /** What is sent from here on waits for {@link begin}. */
  awaitLongPart(): void {
    this.#isWaiting = true
  }

  /** Sends the long part before everything that was queued. */
  begin(long: LongPart): void {
    this.#isWaiting = false
    this.#long = long
    this.#sendSlice()
  }

  /** The link has drained: there may be room for more of the long part. */
  drained(): void {
    if (!this.#isNextDue) this.#sendSlice()
  }

  /** One slice, unless too much is on its way. A kernel may take many at once, while everybody else waits for this server. */
  #sendSlice(): void {
    const long = this.#long
    if (long === undefined || this.#channel.queuedBytes >= inFlightBytesMax) return
    const until = this.#channel.queuedBytes + sliceBytes
    let outcome: 'more' | 'done' | 'broken'
    do outcome = long.kind === 'image' ? this.#sendImage(long) : this.#sendLog(long, until)
    while (outcome === 'more' && this.#channel.queuedBytes < until)
    if (outcome === 'broken') return this.#broken()
    if (outcome === 'done') return this.#goLive()
    this.#isNextDue = true
    this.#later(() => {
      this.#isNextDue = false
      this.#sendSlice()
    })
    this.#channel.flush()
  }

  /** The learner is gone. */
  close(): void {
    if (this.#long?.kind === 'image') this.#long.image.close()
    else this.#long?.reader.close()
    this.#long = undefined
    this.#queue = []
  }

  #sendImage({ image, hasTail }: LongPart & { readonly kind: 'image' }): 'more' | 'done' {
    const writer = this.#channel.writer
    if (!this.#isAtTail && image.writeNext(writer, sliceBytes)) return 'more'
    this.#isAtTail = true
    if (hasTail && image.writeNextOfTail?.(writer, sliceBytes)) return 'more'
    image.close()
    writer.writeString(signature)
    return 'done'
  }

  #sendLog(
    { reader, last }: { readonly reader: ProposalReader; readonly last: Zxid },
    until: number,
  ): 'more' | 'done' | 'broken' {
    while (reader.zxid < last) {
      if (!reader.next()) {
        reader.close()
        this.#long = undefined
        this.#hadGap = true
        return 'broken'
      }
      // Where the window begins with an epoch, the zxid before it is none of a transaction: this one comes from the window.
      if (reader.zxid > last) break
      this.#channel.send(PacketType.proposal, reader.zxid, reader.bytes, reader.start, reader.end)
      this.#channel.send(PacketType.commit, reader.zxid)
      if (this.#channel.queuedBytes > until && reader.zxid < last) return 'more'
    }
    reader.close()
    return 'done'
  }

  #goLive(): void {
    this.#long = undefined
    for (const { type, zxid, data } of this.#queue) this.#channel.send(type, zxid, data)
    this.#queue = []
    this.#queuedBytes = 0
  }
}
