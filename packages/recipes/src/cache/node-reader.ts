/**
 * Reads nodes for a cache: many in one request, a few requests at a time, each as often as it takes to see what it must.
 *
 * 1. A path is in the table of wanted nodes from the event (or the listing) that asks for it until a read has covered it.
 * 2. A read covers an event if it saw the event's transaction or a later one. An event that comes while a read is under way
 *    therefore asks for another one, unless the answer shows by its mzxid that it saw the event already.
 * 3. Wanted nodes are in the order of their events: what is older than the first one's event has been read.
 */
import {
  type ReadResult,
  type Stat,
  type World,
  ZooKeeperError,
  type Zxid,
} from '@quorate/client/core'
import type { BytesClient } from '../foundation/bytes-client.ts'

/** What the cache does with the answers. */
export interface ReaderListener {
  /** @param listed whether the node was found by a listing, and has to be listed itself */
  found(
    path: string,
    read: { readonly bytes: Uint8Array | null; readonly stat: Stat },
    listed: boolean,
  ): void
  missing(path: string): void
  /** The server will not let us read it, or its value is too long. */
  unreadable(path: string, error: ZooKeeperError): void
  /** Children were found below `path`. */
  children(path: string, names: readonly string[]): void
  /** No listing is under way any more: everything that was asked for by {@link NodeReader.list} has been read. */
  listed(): void
  /** Some answers have been handled. */
  progressed(): void
  failed(error: unknown): void
}

interface Wanted {
  readonly path: string
  /** Found by a listing: its children are to be listed, too. */
  readonly isListed: boolean
  /** The first event that has not been covered; undefined when a listing asked, or a server that tells no zxids. */
  readonly eventZxid: Zxid | undefined
  isUnderWay: boolean
  /** What the read under way must have seen. */
  atLeast: { readonly zxid: Zxid; readonly isDeletion: boolean } | undefined
}

const pathsPerRead = 256
/** UTF-16 units; three bytes of each at most, in a request of at most 1 MiB. */
const pathLengthPerRead = 128 * 1024
const readsAtOnce = 8
const retryAfterMs = 200

export class NodeReader {
  readonly #zk: BytesClient
  readonly #world: World
  readonly #listener: ReaderListener
  #wantedByPath = new Map<string, Wanted>()
  /** What was superseded meanwhile is skipped when its turn comes. */
  #queue = new WantedQueue()
  #listings: string[] = []
  /** Reads and listings under way. */
  #requestCount = 0
  /** Nodes and children that a listing still waits for. */
  #listingCount = 0
  #isListing = false
  /** Answers to an earlier round are of no interest. */
  #round = 0
  #isEnded = false

  constructor(zk: BytesClient, listener: ReaderListener) {
    this.#zk = zk
    this.#world = zk.world
    this.#listener = listener
  }

  get isIdle(): boolean {
    return this.#wantedByPath.size === 0 && this.#listingCount === 0
  }

  /** What is older than this transaction has been read; undefined when nothing is known. Only when no listing is under way. */
  get readBelow(): Zxid | undefined {
    for (const { eventZxid } of this.#wantedByPath.values()) return eventZxid
    return undefined
  }

  /** Forgets all that is wanted. */
  restart(): void {
    this.#round++
    this.#wantedByPath = new Map()
    this.#queue = new WantedQueue()
    this.#listings = []
    this.#requestCount = 0
    this.#listingCount = 0
    this.#isListing = false
  }

  end(): void {
    this.restart()
    this.#isEnded = true
  }

  /** Reads the node and, if it has any, lists its children. */
  list(path: string): void {
    if (this.#wantedByPath.get(path)?.isListed === true) return
    this.#listingCount++
    this.#isListing = true
    this.#want(path, undefined, true)
  }

  /** Lists the children of a node that has been read. */
  listChildren(path: string): void {
    this.#listingCount++
    this.#listings.push(path)
    this.#pump()
  }

  /** Something happened to the node in the transaction, if the server told which. */
  changed(path: string, zxid: Zxid | undefined, isDeletion: boolean): void {
    const wanted = this.#wantedByPath.get(path)
    if (wanted?.isUnderWay) wanted.atLeast = { zxid: zxid ?? Infinity, isDeletion }
    else if (wanted === undefined && !isDeletion) this.#want(path, zxid, false)
  }

  #want(path: string, eventZxid: Zxid | undefined, isListed: boolean): void {
    const wanted = { path, eventZxid, isListed, isUnderWay: false, atLeast: undefined }
    this.#wantedByPath.set(path, wanted)
    this.#queue.push(wanted)
    this.#pump()
  }

  #pump(): void {
    while (this.#requestCount < readsAtOnce && !this.#isEnded) {
      const listing = this.#listings.pop()
      if (listing !== undefined) {
        void this.#readChildren(listing)
        continue
      }
      const batch = this.#nextBatch()
      if (batch.length === 0) return
      void this.#read(batch)
    }
  }

  #nextBatch(): readonly Wanted[] {
    const batch: Wanted[] = []
    let length = 0
    while (batch.length < pathsPerRead && length < pathLengthPerRead) {
      const wanted = this.#queue.shift()
      if (wanted === undefined) break
      if (this.#wantedByPath.get(wanted.path) !== wanted) continue
      batch.push(wanted)
      length += wanted.path.length
    }
    return batch
  }

  async #read(batch: readonly Wanted[]): Promise<void> {
    const round = this.#round
    for (const wanted of batch) wanted.isUnderWay = true
    this.#requestCount++
    try {
      const results = await this.#zk.multiRead(batch.map(({ path }) => ({ get: path })))
      if (round !== this.#round) return
      for (const [i, wanted] of batch.entries()) this.#answered(wanted, results[i]!)
    } catch (error) {
      if (round !== this.#round) return
      if (!isTooLarge(error)) await this.#failed(error, () => this.#again(batch))
      else if (batch.length === 1)
        this.#settle(batch[0]!, (path) => this.#listener.unreadable(path, error))
      else {
        const half = batch.length >> 1
        void this.#read(batch.slice(0, half))
        void this.#read(batch.slice(half))
      }
    }
    this.#done(round)
  }

  #answered(wanted: Wanted, result: ReadResult<'bytes', { readonly get: string }>): void {
    if (this.#wantedByPath.get(wanted.path) !== wanted) return
    const { atLeast } = wanted
    if (result.error === undefined) {
      if (atLeast !== undefined && result.stat.mzxid < atLeast.zxid) this.#again([wanted])
      else
        this.#settle(wanted, (path) =>
          this.#listener.found(path, { bytes: result.value, stat: result.stat }, wanted.isListed),
        )
    } else if (result.error.code === 'NoNode') {
      if (atLeast !== undefined && !atLeast.isDeletion) this.#again([wanted])
      else this.#settle(wanted, (path) => this.#listener.missing(path))
    } else {
      const { error } = result
      this.#settle(wanted, (path) => this.#listener.unreadable(path, error))
    }
  }

  #settle(wanted: Wanted, tell: (path: string) => void): void {
    this.#wantedByPath.delete(wanted.path)
    tell(wanted.path)
    if (wanted.isListed) this.#listingCount--
  }

  #again(batch: readonly Wanted[]): void {
    for (const wanted of batch) {
      if (this.#wantedByPath.get(wanted.path) !== wanted) continue
      wanted.isUnderWay = false
      wanted.atLeast = undefined
      this.#queue.push(wanted)
    }
  }

  async #readChildren(path: string): Promise<void> {
    const round = this.#round
    this.#requestCount++
    try {
      const names = await this.#zk.children(path)
      if (round !== this.#round) return
      this.#listener.children(path, names)
      this.#listingCount--
    } catch (error) {
      if (round !== this.#round) return
      if (error instanceof ZooKeeperError && error.code === 'NoNode') this.#listingCount--
      else if (error instanceof ZooKeeperError && (error.code === 'NoAuth' || isTooLarge(error))) {
        this.#listingCount--
        this.#listener.unreadable(path, error)
      } else await this.#failed(error, () => this.#listings.push(path))
    }
    this.#done(round)
  }

  /** Waits a little if the same request may succeed then. */
  async #failed(error: unknown, retry: () => void): Promise<void> {
    const round = this.#round
    // A lost session may be followed by another one. If not, the watch ends, and with it all this.
    const mayRetry =
      error instanceof ZooKeeperError && (error.retryable || error.code === 'SessionExpired')
    if (!mayRetry) {
      this.#listener.failed(error)
      return
    }
    await new Promise<void>((resolve) => {
      this.#world.clock.wakeAfter(retryAfterMs, resolve)
    })
    if (round === this.#round) retry()
  }

  #done(round: number): void {
    if (round !== this.#round || this.#isEnded) return
    this.#requestCount--
    if (this.#listingCount === 0 && this.#isListing) {
      this.#isListing = false
      this.#listener.listed()
    }
    this.#listener.progressed()
    this.#pump()
  }
}

/** First in, first out, without moving what waits. */
class WantedQueue {
  #items: (Wanted | undefined)[] = []
  #head = 0

  push(wanted: Wanted): void {
    this.#items.push(wanted)
  }

  shift(): Wanted | undefined {
    const wanted = this.#items[this.#head]
    if (wanted === undefined) {
      this.#items = []
      this.#head = 0
      return undefined
    }
    this.#items[this.#head++] = undefined
    return wanted
  }
}

function isTooLarge(error: unknown): error is ZooKeeperError {
  return error instanceof ZooKeeperError && error.code === 'ReplyTooLarge'
}
