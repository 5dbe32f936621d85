/**
 * Servers of an ensemble with their engines, and a network and disks between and below them, in virtual time. Bytes between two servers
 * arrive in order after a delay; disks complete after a delay; a crash loses what was not synced.
 */
import {
  type ConsensusHost,
  type DialListener,
  type Dialling,
  type LeaderTerm,
  type LearnerTerm,
  type Membership,
  type PeerLink,
  type PeerLinkListener,
  type Proposal,
  type Term,
  ZabEngine,
  zabDefaults,
  type ZabOptions,
  type ZabReport,
} from '@quorate/consensus'
import type { Notification } from '@quorate/protocol'
import { MemoryHistory } from './memory-history.ts'

export interface ZabObserver {
  reported?(serverId: number, report: ZabReport): void
  /** Bytes have arrived. */
  arrived?(from: number, to: number, bytes: Uint8Array): void
  termStarted?(serverId: number, term: Term): void
  termEnded?(serverId: number): void
  delivered?(serverId: number, proposal: Proposal): void
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
}

export class ZabWorld {
  nowMs = 0
  readonly servers = new Map<number, ZabServer>()
  readonly observer: ZabObserver
  readonly delayMs: () => number
  readonly diskDelayMs: () => number
  /** Servers that can't reach each other, as `a-b` with a < b. */
  readonly cuts = new Set<string>()
  #events: Event[] = []
  #order = 0

  constructor(options: ZabWorldOptions = {}) {
    this.observer = options.observer ?? {}
    this.delayMs = options.delayMs ?? (() => 1)
    this.diskDelayMs = options.diskDelayMs ?? this.delayMs
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

  get leader(): ZabServer | undefined {
    return [...this.servers.values()].find((it) => it.term?.role === 'leading')
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

  /** Runs the next event; false when there is none. */
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
    return this.cuts.has(pairOf(a, b))
  }

  /** Breaks all connections of the two, and lets no new one be made. */
  cut(a: number, b: number): void {
    this.cuts.add(pairOf(a, b))
    this.servers.get(a)?.breakLinks(b)
    this.servers.get(b)?.breakLinks(a)
  }

  heal(a: number, b: number): void {
    this.cuts.delete(pairOf(a, b))
  }
}

function pairOf(a: number, b: number): string {
  return `${Math.min(a, b)}-${Math.max(a, b)}`
}

export class ZabServer implements ConsensusHost {
  readonly id: number
  readonly history: MemoryHistory
  committed: Membership
  lastSeen: Membership
  term: Term | undefined
  /** What was delivered in terms since the last start. */
  delivered: Proposal[] = []
  /** Requests that learners forwarded to this leader are submitted as they are. */
  engine: ZabEngine | undefined
  life = 0
  isUp = false
  readonly #world: ZabWorld
  readonly #options: ZabOptions
  readonly #links = new Set<MemoryLink>()
  #isTurnEndDue = false

  constructor(world: ZabWorld, id: number, membership: Membership, options: Partial<ZabOptions>) {
    this.#world = world
    this.id = id
    this.committed = membership
    this.lastSeen = membership
    this.#options = { ...zabDefaults, tickTimeMs: 200, serverId: id, ...options }
    this.history = new MemoryHistory((_what, run) => this.#later(run))
  }

  start(): void {
    this.isUp = true
    const { id } = this
    const world = this.#world
    this.engine = new ZabEngine(this.#options, {
      clock: {
        get nowMs() {
          return world.nowMs
        },
        after: (delayMs, run) => {
          const { life } = this
          return world.after(delayMs, () => {
            if (life === this.life) run()
          })
        },
      },
      history: this.history,
      memberships: this.#memberships(),
      election: {
        hasDelivered: true,
        send: (to, notification) => this.#notify(to, notification),
        connectAll: () => {},
        restart: () => {},
      },
      host: this,
      dial: (serverId, listener) => this.#dial(serverId, listener),
      report: (report) => world.observer.reported?.(id, report),
    })
    this.engine.start()
  }

  crash(): void {
    this.life++
    this.isUp = false
    this.term = undefined
    this.engine = undefined
    this.#isTurnEndDue = false
    for (const link of [...this.#links]) link.break()
    this.delivered = []
    this.history.crash()
  }

  /** Proposes a transaction; this server leads. */
  submit(text: string): number {
    const term = this.term as LeaderTerm
    const zxid = term.nextZxid()
    term.submit({ zxid, bytes: new TextEncoder().encode(text) })
    return zxid
  }

  breakLinks(peer: number): void {
    for (const link of [...this.#links]) if (link.peerId === peer) link.break()
  }

  leadingStarted(term: LeaderTerm): ReturnType<ConsensusHost['leadingStarted']> {
    this.#termStarted(term)
    return {
      deliver: (proposal) => this.#deliver(proposal),
      requestForwarded: () => {},
      syncAsked: (learner) => term.confirmLeadership(() => term.answerSync(learner)),
      revalidationAsked: (learner, session) => term.answerRevalidation(learner, session, true),
      sessionTouched: () => {},
      learnerLeft: () => {},
    }
  }

  learningStarted(term: LearnerTerm): ReturnType<ConsensusHost['learningStarted']> {
    this.#termStarted(term)
    return {
      deliver: (proposal) => this.#deliver(proposal),
      syncAnswered: () => {},
      revalidated: () => {},
      takeTouches: () => {},
    }
  }

  termEnded(): void {
    this.term = undefined
    this.#world.observer.termEnded?.(this.id)
  }

  membershipChanged(): void {}

  requestTurnEnd(): void {
    if (this.#isTurnEndDue) return
    this.#isTurnEndDue = true
    const { life } = this
    this.#world.after(0, () => {
      if (life !== this.life) return
      this.#isTurnEndDue = false
      this.engine?.turnEnded()
    })
  }

  linkOver(link: MemoryLink): void {
    this.#links.delete(link)
  }

  #termStarted(term: Term): void {
    this.term = term
    this.#world.observer.termStarted?.(this.id, term)
  }

  #deliver(proposal: Proposal): void {
    this.history.apply(proposal)
    this.delivered.push(proposal)
    this.#world.observer.delivered?.(this.id, proposal)
  }

  #later(run: () => void): void {
    const { life } = this
    this.#world.after(this.#world.diskDelayMs(), () => {
      if (life === this.life) run()
    })
  }

  #memberships(): ConstructorParameters<typeof ZabEngine>[1]['memberships'] {
    const get = (): ZabServer => this
    return {
      get committed() {
        return get().committed
      },
      get lastSeen() {
        return get().lastSeen
      },
      setCommitted: (membership) => {
        this.committed = membership
      },
      setLastSeen: (membership) => {
        this.lastSeen = membership
      },
    }
  }

  #notify(to: number, notification: Notification): void {
    this.#world.after(this.#world.delayMs(), () => {
      const target = this.#world.servers.get(to)
      if (this.isUp && !this.#world.isCut(this.id, to))
        target?.engine?.notificationReceived(this.id, notification)
    })
  }

  #dial(serverId: number, listener: DialListener): Dialling {
    const { life } = this
    return this.#world.after(this.#world.delayMs(), () => {
      if (life !== this.life) return
      const target = this.#world.servers.get(serverId)
      if (target?.engine === undefined || this.#world.isCut(this.id, serverId))
        return listener.failed('the connection was refused')
      const near = new MemoryLink(this.#world, this, serverId)
      const far = new MemoryLink(this.#world, target, this.id)
      near.far = far
      far.far = near
      this.#links.add(near)
      target.#links.add(far)
      far.listener = target.engine.accept(far)
      near.listener = listener.opened(near)
    })
  }
}

export class MemoryLink implements PeerLink {
  readonly peerId: number
  readonly queuedBytes = 0
  listener: PeerLinkListener | undefined
  far: MemoryLink | undefined
  readonly #world: ZabWorld
  readonly #owner: ZabServer
  #isOver = false
  #isPaused = false
  #waiting: Uint8Array[] = []
  #lastArrivalMs = 0

  constructor(world: ZabWorld, owner: ZabServer, peerId: number) {
    this.#world = world
    this.#owner = owner
    this.peerId = peerId
  }

  write(bytes: Uint8Array, start: number, end: number): boolean {
    const copy = bytes.slice(start, end)
    const { far } = this
    if (far !== undefined) {
      this.#lastArrivalMs = Math.max(this.#lastArrivalMs, this.#world.nowMs + this.#world.delayMs())
      this.#world.after(this.#lastArrivalMs - this.#world.nowMs, () => far.#arrive(copy))
    }
    return true
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    while (!this.#isPaused && !this.#isOver && this.#waiting.length > 0)
      this.#take(this.#waiting.shift()!)
  }

  close(): void {
    const { far } = this
    this.end('closed here')
    this.#world.after(
      Math.max(0, this.#lastArrivalMs - this.#world.nowMs) + this.#world.delayMs(),
      () => far?.end('closed there'),
    )
  }

  /** The connection breaks: what is under way is lost. */
  break(): void {
    this.end('broken')
    this.far?.end('broken')
  }

  #arrive(bytes: Uint8Array): void {
    if (this.#isOver) return
    if (this.#isPaused) this.#waiting.push(bytes)
    else this.#take(bytes)
  }

  #take(bytes: Uint8Array): void {
    this.#world.observer.arrived?.(this.peerId, this.#owner.id, bytes)
    this.listener?.received(bytes, 0, bytes.length)
  }

  /** Told to both ends, once each. */
  end(reason: string): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#owner.linkOver(this)
    this.listener?.closed(reason)
  }
}
