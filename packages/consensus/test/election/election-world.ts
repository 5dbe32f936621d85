/**
 * Machines of fast leader election and a network between them, in virtual time.
 *
 * 1. What one server sends another arrives in the order of sending, or not at all once their connection broke.
 * 2. As between real servers, one notification waits for a connection, a newer one takes its place, and a new connection begins with
 *    what waits or else with the last one sent.
 */
import {
  type ElectionHost,
  type ElectionOptions,
  type ElectionStart,
  FastLeaderElection,
  type Membership,
  type MembershipStore,
  type Vote,
} from '@quorate/consensus'
import type { Notification } from '@quorate/protocol'

export interface WorldObserver {
  sent?(from: number, to: number, notification: Notification): void
  heard?(from: number, to: number, notification: Notification): void
  decided?(serverId: number, state: string, vote: Vote): void
  voterLeft?(serverId: number, voterId: number): void
  leaderLeft?(serverId: number): void
  connectsToAll?(serverId: number): void
  membershipSeen?(serverId: number, text: string): void
  reported?(serverId: number, code: string): void
}

export interface Message {
  readonly from: number
  readonly to: number
  readonly notification: Notification
  readonly dueMs: number
  readonly order: number
}

interface Timer {
  readonly dueMs: number
  readonly order: number
  readonly serverId: number
  readonly run: () => void
}

interface Path {
  waiting: Notification | undefined
  last: Notification | undefined
}

export class TestServer implements MembershipStore {
  readonly id: number
  history: ElectionStart
  committed: Membership
  lastSeen: Membership
  machine!: FastLeaderElection
  isUp = false
  /** Grows with every life, so that timers of earlier ones do nothing. */
  life = 0
  readonly pathById = new Map<number, Path>()

  constructor(id: number, membership: Membership) {
    this.id = id
    this.history = { lastZxid: 0, currentEpoch: 0 }
    this.committed = membership
    this.lastSeen = membership
  }

  setCommitted(membership: Membership): void {
    this.committed = membership
  }

  setLastSeen(membership: Membership): void {
    this.lastSeen = membership
  }
}

export interface ElectionWorldOptions {
  readonly membership: Membership
  readonly serverIds: readonly number[]
  readonly options?: Partial<ElectionOptions>
  /** Ms that a message takes; without, messages wait for {@link ElectionWorld.deliver}. */
  readonly delayMs?: () => number
  /** Whether a machine without a server refuses connections at once, or leaves everybody waiting. */
  readonly isRefusing?: boolean
  readonly observer?: WorldObserver
}

export class ElectionWorld {
  readonly #time = { nowMs: 0 }
  readonly serverById = new Map<number, TestServer>()
  /** Membership texts that servers can read. */
  readonly membershipByText = new Map<string, Membership>()
  readonly #options: ElectionOptions
  readonly #delayMs: (() => number) | undefined
  readonly #isRefusing: boolean
  readonly #observer: WorldObserver
  #inFlight: Message[] = []
  #timers: Timer[] = []
  #order = 0
  readonly #connected = new Set<string>()
  readonly #cut = new Set<string>()

  constructor({
    membership,
    serverIds,
    options,
    delayMs,
    isRefusing = true,
    observer,
  }: ElectionWorldOptions) {
    this.#options = {
      minNotificationIntervalMs: 200,
      maxNotificationIntervalMs: 60_000,
      finalizeWaitMs: 200,
      reconfigEnabled: true,
      ...options,
    }
    this.#delayMs = delayMs
    this.#isRefusing = isRefusing
    this.#observer = observer ?? {}
    this.membershipByText.set(membership.text, membership)
    for (const id of serverIds) this.add(id, membership)
  }

  add(id: number, membership: Membership): TestServer {
    this.membershipByText.set(membership.text, membership)
    const server = new TestServer(id, membership)
    this.serverById.set(id, server)
    server.machine = this.#machineOf(id)
    return server
  }

  server(id: number): TestServer {
    const server = this.serverById.get(id)
    if (server === undefined) throw new Error(`there is no server ${id}`)
    return server
  }

  get nowMs(): number {
    return this.#time.nowMs
  }

  get servers(): readonly TestServer[] {
    return [...this.serverById.values()]
  }

  get inFlight(): readonly Message[] {
    return this.#inFlight
  }

  /** Begins an election, after a crash with nothing in memory. */
  start(id: number): void {
    const server = this.server(id)
    server.isUp = true
    server.machine.start(server.history)
  }

  crash(id: number): void {
    const server = this.server(id)
    server.isUp = false
    server.life++
    server.pathById.clear()
    for (const other of this.serverById.keys()) this.disconnect(id, other)
    server.machine = this.#machineOf(id)
  }

  /** Breaks the connection; a new one may be made at once. */
  disconnect(a: number, b: number): void {
    const wasConnected = this.#connected.delete(pairOf(a, b))
    this.#inFlight = this.#inFlight.filter(({ from, to }) => pairOf(from, to) !== pairOf(a, b))
    if (!wasConnected) return
    for (const [id, other] of [[a, b] as const, [b, a] as const])
      if (this.server(id).isUp) this.server(id).machine.connectionLost(other)
  }

  /** Breaks the connection and lets no new one be made. */
  cut(a: number, b: number): void {
    this.#cut.add(pairOf(a, b))
    this.disconnect(a, b)
  }

  heal(a: number, b: number): void {
    this.#cut.delete(pairOf(a, b))
  }

  healAll(): void {
    this.#cut.clear()
  }

  canTalk(a: number, b: number): boolean {
    return !this.#cut.has(pairOf(a, b))
  }

  /** Hands over the message that has waited longest, of those that are `wanted`. @returns whether there was one */
  deliver(wanted: (message: Message) => boolean = () => true): boolean {
    const index = this.#inFlight.findIndex(wanted)
    if (index === -1) return false
    const [message] = this.#inFlight.splice(index, 1)
    this.tell(message)
    return true
  }

  drop(wanted: (message: Message) => boolean): number {
    const before = this.#inFlight.length
    this.#inFlight = this.#inFlight.filter((message) => !wanted(message))
    return before - this.#inFlight.length
  }

  /** Hands a notification over, from whomever it is. */
  tell({ from, to, notification }: Pick<Message, 'from' | 'to' | 'notification'>): void {
    const server = this.server(to)
    if (!server.isUp) return
    this.#observer.heard?.(from, to, notification)
    server.machine.received(from, notification)
  }

  after(serverId: number, delayMs: number, run: () => void): { cancel(): void } {
    const { life } = this.server(serverId)
    const timer: Timer = {
      dueMs: this.nowMs + delayMs,
      order: this.#order++,
      serverId,
      run: () => {
        if (this.server(serverId).life === life) run()
      },
    }
    this.#timers.push(timer)
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((other) => other !== timer)
      },
    }
  }

  advance(ms: number): void {
    const endMs = this.nowMs + ms
    for (;;) {
      const timer = first(this.#timers)
      const message = first(this.#inFlight)
      const next = first([timer, message].filter((one) => one !== undefined))
      if (next === undefined || next.dueMs > endMs) break
      this.#time.nowMs = Math.max(this.nowMs, next.dueMs)
      if (next === message) {
        this.deliver((one) => one === next)
      } else {
        this.#timers = this.#timers.filter((one) => one !== next)
        timer!.run()
      }
    }
    this.#time.nowMs = endMs
  }

  #machineOf(id: number): FastLeaderElection {
    const server = this.server(id)
    const time = this.#time
    const host: ElectionHost = {
      decided: (state, vote) => this.#observer.decided?.(id, state, vote),
      voterLeft: (voterId) => this.#observer.voterLeft?.(id, voterId),
      leaderLeft: () => this.#observer.leaderLeft?.(id),
      membershipSeen: (text) => this.#adopt(id, text),
    }
    return new FastLeaderElection({
      serverId: id,
      options: this.#options,
      memberships: server,
      transport: {
        send: (to, notification) => this.#send(id, to, notification),
        connectAll: () => this.#connectAll(id),
        get hasDelivered() {
          return [...server.pathById.values()].some((path) => path.waiting === undefined)
        },
        restart: () => this.#restart(id),
      },
      clock: {
        get nowMs() {
          return time.nowMs
        },
        after: (delayMs, run) => this.after(id, delayMs, run),
      },
      host,
      report: ({ code }) => this.#observer.reported?.(id, code),
    })
  }

  /** As the engine does: the newer membership is put in place, and the election begins anew. */
  #adopt(id: number, text: string): void {
    this.#observer.membershipSeen?.(id, text)
    const membership = this.membershipByText.get(text)
    if (membership === undefined) return
    const server = this.server(id)
    server.committed = membership
    if (membership.version > server.lastSeen.version) server.lastSeen = membership
    server.machine.stop()
    server.machine.start(server.history)
  }

  #send(from: number, to: number, notification: Notification): void {
    this.#observer.sent?.(from, to, notification)
    this.#path(from, to).waiting = notification
    this.#connect(from, to)
  }

  #connectAll(id: number): void {
    this.#observer.connectsToAll?.(id)
    for (const to of this.server(id).pathById.keys()) this.#connect(id, to)
  }

  #restart(id: number): void {
    for (const other of this.serverById.keys()) this.disconnect(id, other)
    this.server(id).pathById.clear()
  }

  #connect(a: number, b: number): void {
    const pair = pairOf(a, b)
    if (!this.#connected.has(pair)) {
      if (this.#cut.has(pair)) return
      if (this.serverById.get(b)?.isUp !== true) {
        const delayMs = this.#delayMs?.()
        if (delayMs !== undefined && this.#isRefusing)
          this.after(a, delayMs, () => this.server(a).machine.unreachable(b))
        return
      }
      this.#connected.add(pair)
      for (const [from, to] of [[a, b] as const, [b, a] as const]) {
        const path = this.#path(from, to)
        path.waiting ??= path.last
        this.#flush(from, to)
      }
    }
    this.#flush(a, b)
  }

  #flush(from: number, to: number): void {
    const path = this.#path(from, to)
    const notification = path.waiting
    if (notification === undefined) return
    path.last = notification
    path.waiting = undefined
    const earlier = this.#inFlight.findLast((one) => one.from === from && one.to === to)
    const delayMs = this.#delayMs?.() ?? Number.POSITIVE_INFINITY
    this.#inFlight.push({
      from,
      to,
      notification,
      dueMs: Math.max(this.nowMs + delayMs, earlier?.dueMs ?? 0),
      order: this.#order++,
    })
  }

  #path(from: number, to: number): Path {
    const { pathById } = this.server(from)
    let path = pathById.get(to)
    if (path === undefined) {
      path = { waiting: undefined, last: undefined }
      pathById.set(to, path)
    }
    return path
  }
}

function pairOf(a: number, b: number): string {
  return a < b ? `${a}-${b}` : `${b}-${a}`
}

function first<T extends { readonly dueMs: number; readonly order: number }>(
  all: readonly T[],
): T | undefined {
  let found: T | undefined
  for (const one of all) {
    if (found === undefined || one.dueMs < found.dueMs) found = one
    else if (one.dueMs === found.dueMs && one.order < found.order) found = one
  }
  return found
}
