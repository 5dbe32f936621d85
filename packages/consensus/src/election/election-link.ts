/**
 * One connection of the election port, from this server's end.
 *
 * 1. Nothing is taken from a link that was closed, and its owner hears no more of it.
 * 2. A notification that can't be read is skipped (ZOOKEEPER-3769); a stream that can't be taken apart ends the link.
 */
import {
  decodeNotification,
  type ElectionHello,
  ElectionHelloReader,
  ElectionFrameSplitter,
  type ElectionRefusal,
  encodeElectionHello,
  encodeNotification,
  isElectionRefusal,
  JuteWriter,
  type Notification,
  type Platform,
  writeElectionFrame,
} from '@quorate/protocol'
import type { PeerLink, PeerLinkListener } from '../peer-link.ts'

export interface ElectionLinkOwner {
  /** Who has dialled this server has said who it is. */
  introduced(link: ElectionLink, hello: ElectionHello): void
  notified(link: ElectionLink, notification: Notification): void
  /** What the peer sent can't be read; the link closes if it is not a notification alone. */
  refused(link: ElectionLink, refusal: ElectionRefusal): void
  drained(link: ElectionLink): void
  /** The connection has ended, not by {@link ElectionLink.close}. */
  lost(link: ElectionLink, reason: string): void
}

export interface ElectionLinkParameters {
  readonly link: PeerLink
  readonly owner: ElectionLinkOwner
  /** Who was dialled; undefined: the peer has dialled, and its initial message comes first. */
  readonly peerId: number | undefined
  readonly platform: Platform
}

export class ElectionLink implements PeerLinkListener {
  readonly #link: PeerLink
  readonly #owner: ElectionLinkOwner
  readonly #platform: Platform
  readonly #splitter = new ElectionFrameSplitter()
  #hello: ElectionHelloReader | undefined
  #isClosed = false
  /** Whose link it is, once known. */
  peerId: number | undefined

  constructor({ link, owner, peerId, platform }: ElectionLinkParameters) {
    this.#link = link
    this.#owner = owner
    this.#platform = platform
    this.peerId = peerId
    this.#hello = peerId === undefined ? new ElectionHelloReader() : undefined
  }

  /** Whether all that was sent has left this server. */
  get isDrained(): boolean {
    return this.#link.queuedBytes === 0
  }

  introduce(hello: ElectionHello): void {
    this.#write(encodeElectionHello(hello))
  }

  send(notification: Notification): void {
    const writer = new JuteWriter()
    writeElectionFrame(writer, encodeNotification(notification))
    this.#write(writer.copy())
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#link.close()
  }

  received(bytes: Uint8Array, start: number, end: number): void {
    if (this.#isClosed) return
    const at = this.#hello === undefined ? start : this.#takeHello(this.#hello, bytes, start, end)
    if (this.#isClosed || this.#hello !== undefined) return
    const refusal = this.#splitter.push(bytes, at, end, (frame, from, to) => {
      this.#take(frame, from, to)
    })
    if (refusal !== undefined) this.#refuse(refusal)
  }

  drained(): void {
    if (!this.#isClosed) this.#owner.drained(this)
  }

  closed(reason: string): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#owner.lost(this, reason)
  }

  /** @returns the offset behind the initial message */
  #takeHello(reader: ElectionHelloReader, bytes: Uint8Array, start: number, end: number): number {
    const at = reader.push(bytes, start, end)
    const { outcome } = reader
    if (outcome === undefined) return at
    this.#hello = undefined
    if (isElectionRefusal(outcome)) this.#refuse(outcome)
    else this.#owner.introduced(this, outcome)
    return at
  }

  #take(bytes: Uint8Array, start: number, end: number): void {
    if (this.#isClosed) return
    const notification = decodeNotification(bytes, start, end, this.#platform)
    if (isElectionRefusal(notification)) this.#owner.refused(this, notification)
    else this.#owner.notified(this, notification)
  }

  #refuse(refusal: ElectionRefusal): void {
    if (this.#isClosed) return
    this.#owner.refused(this, refusal)
    this.#isClosed = true
    this.#link.close()
    this.#owner.lost(this, refusal.code)
  }

  #write(bytes: Uint8Array): void {
    if (!this.#isClosed) this.#link.write(bytes, 0, bytes.length)
  }
}
