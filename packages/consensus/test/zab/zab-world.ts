/**
 * Servers of an ensemble with their engines, and a network and disks between and below them, in virtual time. Bytes between two servers
 * arrive in order after a delay; disks complete after a delay; a crash loses what was not synced.
 */
import type { Membership, Proposal, Term, ZabOptions, ZabReport } from '@quorate/consensus'
import { ZabServer } from './zab-server.ts'

export { ZabServer }

export interface ZabObserver {
  reported?(serverId: number, report: ZabReport): void
  /** Bytes were written to a connection; each has a number. */
  sent?(from: number, to: number, bytes: Uint8Array, connection: number): void
  /** An operation of a disk is complete. */
  completed?(serverId: number, operation: string): void
  termStarted?(serverId: number, term: Term): void
  termEnded?(serverId: number, reason: string): void
  delivered?(serverId: number, proposal: Proposal): void
  /** Something was asked of a leader or answered to a learner, as text. */
  told?(serverId: number, what: string): void
  membershipChanged?(serverId: number, text: string): void
}

interface Event {
  readonly dueMs: number
  readonly order: number
  readonly run: () => void
}

export interface ZabWorldOptions {
  readonly observer?: ZabObserver
  /** What a message takes; 1 ms by default. */
  readonly delayMs?: () => number
  /** What a disk takes; as much as a message by default. */
  readonly diskDelayMs?: () => number
  /** Where a chunk of so many bytes is torn in two; 0: nowhere. */
  readonly splitAt?: (length: number) => number
}

export class ZabWorld {
  nowMs = 0
  /** Connections made so far. */
  connectionCount = 0
  readonly servers = new Map<number, ZabServer>()
  readonly observer: ZabObserver
  readonly delayMs: () => number
  readonly diskDelayMs: () => number
  readonly splitAt: (length: number) => number
  /** Servers that can't reach each other, as `a-b` with a < b. */
  readonly #cuts = new Set<string>()
  /** Paths on which what is written waits, as `from>to`. */
  readonly #held = new Set<string>()
  #events: Event[] = []
  #order = 0
  /** Events since time passed. */
  #countAtOnce = 0

  constructor(options: ZabWorldOptions = {}) {
    this.observer = options.observer ?? {}
    this.delayMs = options.delayMs ?? (() => 1)
    this.diskDelayMs = options.diskDelayMs ?? this.delayMs
    this.splitAt = options.splitAt ?? (() => 0)
  }

  add(id: number, membership: Membership, options: Partial<ZabOptions> = {}): ZabServer {
    const server = new ZabServer(this, id, membership, options)
    this.servers.set(id, server)
    return server
  }

  server(id: number): ZabServer {
    const server = this.servers.get(id)
    if (server === undefined) throw new Error(`there is no server ${id}`)
    return server
  }

  /** The one of the highest epoch, when several believe it of themselves. */
  get leader(): ZabServer | undefined {
    return [...this.servers.values()]
      .filter((it) => it.term?.role === 'leading')
      .toSorted((a, b) => b.term!.epoch - a.term!.epoch)[0]
  }

  after(delayMs: number, run: () => void): { cancel(): void } {
    const event = { dueMs: this.nowMs + delayMs, order: this.#order++, run }
    this.#events.push(event)
    return {
      cancel: () => {
        this.#events = this.#events.filter((it) => it !== event)
      },
    }
  }

  /**
   * Runs the next event; false when there is none.
   * @throws an Error when the servers keep themselves busy without any time passing
   */
  step(): boolean {
    const next = this.#events.reduce<Event | undefined>(
      (first, it) =>
        first === undefined ||
        it.dueMs < first.dueMs ||
        (it.dueMs === first.dueMs && it.order < first.order)
          ? it
          : first,
      undefined,
    )
    if (next === undefined) return false
    this.#events.splice(this.#events.indexOf(next), 1)
    this.#countAtOnce = next.dueMs > this.nowMs ? 0 : this.#countAtOnce + 1
    if (this.#countAtOnce > 20_000) throw new Error(`at ${this.nowMs} ms there is no end of events`)
    this.nowMs = Math.max(this.nowMs, next.dueMs)
    next.run()
    return true
  }

  /** Runs until it is so, for at most so many virtual ms. @throws an Error when that is not enough */
  runUntil(isSo: () => boolean, limitMs = 60_000): void {
    const endMs = this.nowMs + limitMs
    while (!isSo()) {
      if (this.nowMs > endMs || !this.step()) throw new Error(`it is not so after ${limitMs} ms`)
    }
  }

  run(durationMs: number): void {
    const endMs = this.nowMs + durationMs
    while (this.#events.some((it) => it.dueMs <= endMs)) this.step()
    this.nowMs = endMs
  }

  isCut(a: number, b: number): boolean {
    return this.#cuts.has(pairOf(a, b))
  }

  /** Breaks all connections of the two, and lets no new one be made. */
  cut(a: number, b: number): void {
    this.#cuts.add(pairOf(a, b))
    this.servers.get(a)?.breakLinks(b)
    this.servers.get(b)?.breakLinks(a)
  }

  heal(a: number, b: number): void {
    this.#cuts.delete(pairOf(a, b))
  }

  isHeld(from: number, to: number): boolean {
    return this.#held.has(`${from}>${to}`)
  }

  /** What `from` writes to `to` waits until it is released. */
  hold(from: number, to: number): void {
    this.#held.add(`${from}>${to}`)
  }

  release(from: number, to: number): void {
    this.#held.delete(`${from}>${to}`)
    this.servers.get(from)?.releaseLinks(to)
  }
}

function pairOf(a: number, b: number): string {
  return `${Math.min(a, b)}-${Math.max(a, b)}`
}
