/**
 * An observer that its leader serves, as no follower did, looks now and then whether one would: it says who it is, and a follower that
 * serves observers answers with its leader's epoch. Nothing more is asked of it.
 *
 * To be served there the observer begins anew, and its clients lose their connection. So the search is the rarer the more often that
 * came to nothing ({@link MasterRotation.searchDelayMs}).
 */
import { epochOf, PacketType, type Zxid } from '@quorate/protocol'
import type { Dialling, PeerLinkListener } from '../peer-link.ts'
import { spreadMs } from './fleet-spread.ts'
import type { MasterRotation } from './master-rotation.ts'
import { type ChannelOwner, PacketChannel, type ReceivedPacket } from './packet-channel.ts'
import type { RoleLife } from './role-life.ts'
import type { ZabPorts } from './zab-ports.ts'

export interface MasterSearchParts {
  readonly ports: Pick<ZabPorts, 'dialMaster'>
  readonly life: RoleLife
  readonly masters: MasterRotation
  readonly serverId: number
  readonly leaderId: number
  readonly epoch: number
  /** How long a follower has to answer, ms. */
  readonly answerMs: number
  /** What this observer says of itself. */
  readonly introduce: (channel: PacketChannel) => void
  readonly found: (masterId: number) => void
}

export class MasterSearch {
  readonly #parts: MasterSearchParts
  #dialling: Dialling | undefined
  #channel: PacketChannel | undefined

  constructor(parts: MasterSearchParts) {
    this.#parts = parts
    this.#lookLater()
  }

  end(): void {
    this.#dialling?.cancel()
    this.#dialling = undefined
    this.#channel?.close()
    this.#channel = undefined
  }

  /** Those of a fleet that came to the leader together leave it one by one. */
  #lookLater(): void {
    const { life, masters, serverId } = this.#parts
    const { searchDelayMs } = masters
    life.after(searchDelayMs + spreadMs(serverId, searchDelayMs), () => this.#look())
  }

  #look(): void {
    const { ports, masters, leaderId, life, answerMs } = this.#parts
    this.#lookLater()
    const masterId = masters.next(leaderId)
    if (masterId === undefined) return
    this.#dialling = ports.dialMaster(masterId, {
      opened: (link) => {
        this.#dialling = undefined
        const channel = new PacketChannel(link, this.#listener(masterId))
        this.#channel = channel
        life.after(answerMs, () => channel.close())
        return this.#introduced(channel)
      },
      failed: () => (this.#dialling = undefined),
    })
  }

  #introduced(channel: PacketChannel): PeerLinkListener {
    this.#parts.introduce(channel)
    channel.flush()
    return channel
  }

  #listener(masterId: number): ChannelOwner {
    return {
      packetReceived: (packet) => this.#answered(masterId, packet),
      rawReceived: (_bytes, _start, end) => end,
      drained() {},
      channelClosed: () => (this.#channel = undefined),
      outputAppeared() {},
    }
  }

  #answered(masterId: number, { type, zxid }: ReceivedPacket): void {
    const { masters, found } = this.#parts
    const isServing = type === PacketType.leaderInfo && this.#isOfTerm(zxid)
    this.end()
    if (!isServing) return
    masters.searchEnded()
    found(masterId)
  }

  /** A follower of another leader may know more, or less: this leader's end will tell. */
  #isOfTerm(zxid: Zxid): boolean {
    return epochOf(zxid) === this.#parts.epoch
  }
}
