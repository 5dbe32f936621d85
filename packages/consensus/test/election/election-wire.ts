/**
 * Election ports and the byte streams between them, in virtual time. Every step is asked for: bytes, connects and closes arrive when
 * {@link Wire.settle} is called.
 */
import {
  type Clock,
  type DialListener,
  type Dialling,
  ElectionConnections,
  type HostPort,
  type MembershipStore,
  type PeerLink,
  type PeerLinkListener,
} from '@quorate/consensus'
import type { Notification } from '@quorate/protocol'
import { type MembershipShape, membershipOf } from './election-membership.ts'

/** One end of a byte stream. */
export class WireLink implements PeerLink {
  listener: PeerLinkListener | undefined
  other: WireLink | undefined
  /** All that was written, in hex. */
  written = ''
  queuedBytes = 0
  isOpen = true
  /** Whether the peer takes nothing. */
  isBlocked = false
  /** Whether nothing gets to the other end any more, not even that this one was closed. */
  isHalfOpen = false
  readonly #wire: Wire

  constructor(wire: Wire) {
    this.#wire = wire
  }

  write(bytes: Uint8Array, start: number, end: number): boolean {
    const chunk = bytes.slice(start, end)
    this.written += Buffer.from(chunk).toString('hex')
    if (this.isBlocked) {
      this.queuedBytes += chunk.length
      return false
    }
    if (this.isHalfOpen) return true
    this.#wire.later(() => {
      if (this.other?.isOpen === true) this.other.listener?.received(chunk, 0, chunk.length)
    })
    return true
  }

  unblock(): void {
    this.isBlocked = false
    this.queuedBytes = 0
    this.listener?.drained()
  }

  pause(): void {}

  resume(): void {}

  close(): void {
    this.break('closed here')
  }

  break(reason: string): void {
    if (!this.isOpen) return
    this.isOpen = false
    this.#wire.later(() => this.listener?.closed(reason))
    if (!this.isHalfOpen) this.#wire.later(() => this.other?.break('closed by the peer'))
  }
}

export interface Dialled {
  readonly from: number
  readonly to: number
  readonly addresses: readonly HostPort[]
  /** Becomes undefined for a dial that was neither opened nor refused yet. */
  readonly link: WireLink | undefined
}

interface Port {
  readonly memberships: MembershipStore
  readonly connections: ElectionConnections
  readonly heard: { readonly from: number; readonly notification: Notification }[]
  readonly reports: string[]
  readonly unreachable: number[]
  readonly lost: number[]
  onReceived: ((from: number, notification: Notification) => void) | undefined
}

export class Wire {
  readonly portById = new Map<number, Port>()
  readonly dials: Dialled[] = []
  /** Ids that nobody can connect to, and whose dials never end. */
  readonly refusing = new Set<number>()
  readonly silent = new Set<number>()
  readonly #time = { nowMs: 0 }
  readonly #saysAllAddresses: boolean
  #steps: (() => void)[] = []
  #timers: { readonly dueMs: number; readonly run: () => void }[] = []

  readonly clock: Clock

  /** @param saysAllAddresses whether initial messages hold both addresses of a server */
  constructor(ids: readonly number[], shape: MembershipShape, saysAllAddresses = false) {
    const time = this.#time
    this.clock = {
      get nowMs() {
        return time.nowMs
      },
      after: (delayMs, run) => {
        const timer = { dueMs: time.nowMs + delayMs, run }
        this.#timers.push(timer)
        return {
          cancel: () => {
            this.#timers = this.#timers.filter((other) => other !== timer)
          },
        }
      },
    }
    this.#saysAllAddresses = saysAllAddresses
    for (const id of ids) this.#open(id, shape)
  }

  port(id: number): Port {
    const port = this.portById.get(id)
    if (port === undefined) throw new Error(`there is no port ${id}`)
    return port
  }

  /** The server is another process, without memory; the others are told nothing. */
  reboot(id: number, shape: MembershipShape): void {
    this.#open(id, shape)
  }

  later(step: () => void): void {
    this.#steps.push(step)
  }

  settle(): void {
    for (let count = 0; this.#steps.length > 0; count++) {
      if (count > 10_000) throw new Error('there is no end of steps')
      this.#steps.shift()!()
    }
  }

  advance(ms: number): void {
    this.#time.nowMs += ms
    const { nowMs } = this.#time
    const due = this.#timers.filter(({ dueMs }) => dueMs <= nowMs)
    this.#timers = this.#timers.filter(({ dueMs }) => dueMs > nowMs)
    for (const { run } of due) run()
    this.settle()
  }

  /** Somebody connects to the port. @returns its end */
  connect(id: number): WireLink {
    const [mine, theirs] = this.#pair()
    theirs.listener = this.port(id).connections.accept(theirs)
    return mine
  }

  /** Links from the one to the other that are open. */
  openDials(from: number, to: number): readonly WireLink[] {
    return this.dials
      .filter((dialled) => dialled.from === from && dialled.to === to)
      .map(({ link }) => link)
      .filter((link) => link?.isOpen === true) as WireLink[]
  }

  #pair(): readonly [WireLink, WireLink] {
    const mine = new WireLink(this)
    const theirs = new WireLink(this)
    mine.other = theirs
    theirs.other = mine
    return [mine, theirs]
  }

  #open(id: number, shape: MembershipShape): void {
    const membership = membershipOf(shape)
    const memberships: MembershipStore = {
      committed: membership,
      lastSeen: membership,
      setCommitted() {},
      setLastSeen() {},
    }
    const saysAllAddresses = this.#saysAllAddresses
    const port: Port = {
      memberships,
      heard: [],
      reports: [],
      unreachable: [],
      lost: [],
      onReceived: undefined,
      connections: new ElectionConnections({
        serverId: id,
        electionAddresses: () => [
          { host: `s${id}`, port: 3888 },
          { host: `t${id}`, port: 3889 },
        ],
        saysAllAddresses,
        handshakeTimeoutMs: 5_000,
        dial: (to, listener, addresses) => this.#dial(id, to, listener, addresses),
        memberships,
        clock: this.clock,
        received: (from, notification) => {
          port.heard.push({ from, notification })
          port.onReceived?.(from, notification)
        },
        unreachable: (to) => port.unreachable.push(to),
        lost: (to) => port.lost.push(to),
        report: ({ code }) => port.reports.push(code),
      }),
    }
    this.portById.set(id, port)
  }

  #dial(
    from: number,
    to: number,
    listener: DialListener,
    addresses: readonly HostPort[],
  ): Dialling {
    let isCancelled = false
    const [mine, theirs] = this.#pair()
    const isReachable = this.portById.has(to) && !this.refusing.has(to) && !this.silent.has(to)
    this.dials.push({ from, to, addresses, link: isReachable ? mine : undefined })
    if (!this.silent.has(to)) {
      this.later(() => {
        if (isCancelled) {
          mine.isOpen = false
        } else if (isReachable) {
          theirs.listener = this.port(to).connections.accept(theirs)
          mine.listener = listener.opened(mine)
        } else {
          listener.failed('refused')
        }
      })
    }
    return {
      cancel: () => {
        isCancelled = true
      },
    }
  }
}
