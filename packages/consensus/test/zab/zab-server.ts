/** One server of a {@link ZabWorld}: an engine over a history in memory, and a replica that does nothing but keep what it is told. */
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
  type ReconfigurationRequest,
  type Term,
  ZabEngine,
  zabDefaults,
  type ZabOptions,
} from '@quorate/consensus'
import {
  encode,
  type Notification,
  OpCode,
  type SessionId,
  txn,
  type Zxid,
} from '@quorate/protocol'
import { MemoryHistory } from './memory-history.ts'
import { MemoryLink } from './memory-link.ts'
import type { ZabWorld } from './zab-world.ts'
import { textTxn } from './text-txn.ts'

interface Operation {
  readonly what: string
  readonly run: () => void
}

export class ZabServer implements ConsensusHost {
  readonly id: number
  readonly history: MemoryHistory
  committed: Membership
  lastSeen: Membership
  term: Term | undefined
  /** What was delivered in terms since the last start. */
  delivered: Proposal[] = []
  engine: ZabEngine | undefined
  life = 0
  isUp = false
  /** Then the disk's operations wait for {@link completeNext}. */
  isDiskHeld = false
  readonly #world: ZabWorld
  readonly #options: ZabOptions
  readonly #links = new Set<MemoryLink>()
  #isTurnEndDue = false
  #operations: Operation[] = []
  #touched: { readonly session: bigint; readonly timeoutMs: number }[] = []

  constructor(world: ZabWorld, id: number, membership: Membership, options: Partial<ZabOptions>) {
    this.#world = world
    this.id = id
    this.committed = membership
    this.lastSeen = membership
    this.#options = { ...zabDefaults, tickTimeMs: 200, serverId: id, ...options }
    this.history = new MemoryHistory((what, run) => this.#later({ what, run }))
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
        after: (delayMs, run) => this.#whileAlive(delayMs, run),
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
      dial: (serverId, listener) =>
        this.#dial(serverId, listener, (engine, link) => engine.accept(link)),
      dialMaster: (serverId, listener) =>
        this.#dial(serverId, listener, (engine, link) => engine.acceptObserver(link)),
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
    this.#operations = []
    this.#touched = []
    for (const link of this.#links) link.abandon()
    this.delivered = []
    this.history.crash()
  }

  // What a replica does.

  /** Proposes a transaction; this server leads. */
  submit(text: string): number {
    const term = this.#leaderTerm
    const zxid = term.nextZxid()
    term.submit({ zxid, bytes: textTxn(zxid, text) })
    return zxid
  }

  /**
   * Proposes another membership; this server leads.
   * @returns the zxid, or the error that the request is answered with, which is negative
   */
  reconfigure(request: Partial<ReconfigurationRequest>): number {
    const term = this.#leaderTerm
    const zxid = term.nextZxid()
    const text = term.planReconfiguration({
      joining: undefined,
      leaving: undefined,
      newMembers: undefined,
      currentVersion: -1,
      ...request,
      newVersion: zxid,
    })
    if (typeof text === 'number') return text
    term.submit({ zxid, bytes: reconfigTxn(zxid, text) }, text)
    return zxid
  }

  /** A client of this learner is heard of. */
  touch(session: bigint, timeoutMs: number): void {
    this.#touched.push({ session, timeoutMs })
  }

  leadingStarted(term: LeaderTerm): ReturnType<ConsensusHost['leadingStarted']> {
    this.#termStarted(term)
    return {
      deliver: (proposal) => this.#deliver(proposal),
      requestForwarded: ({ serverId }, { type, body }) =>
        this.#told(`request of type ${type} by server ${serverId}, ${body.length} bytes`),
      syncAsked: (learner) => {
        this.#told(`sync asked by server ${learner.serverId}`)
        term.confirmLeadership(() => term.answerSync(learner))
      },
      revalidationAsked: (learner, session, timeoutMs) => {
        this.#told(`session ${session} (${timeoutMs} ms) came to server ${learner.serverId}`)
        term.answerRevalidation(learner, session, true)
      },
      sessionTouched: ({ serverId }, session, timeoutMs) =>
        this.#told(`session ${session} (${timeoutMs} ms) heard of by server ${serverId}`),
      learnerLeft: ({ serverId }) => this.#told(`server ${serverId} left`),
    }
  }

  learningStarted(term: LearnerTerm): ReturnType<ConsensusHost['learningStarted']> {
    this.#termStarted(term)
    return {
      deliver: (proposal) => this.#deliver(proposal),
      syncAnswered: () => this.#told('sync answered'),
      revalidated: (session, isValid) =>
        this.#told(`session ${session} is ${isValid ? 'valid' : 'invalid'}`),
      takeTouches: (touch) => {
        for (const { session, timeoutMs } of this.#touched) touch(session as SessionId, timeoutMs)
        this.#touched = []
      },
    }
  }

  termEnded(reason: string): void {
    this.term = undefined
    this.#world.observer.termEnded?.(this.id, reason)
  }

  membershipChanged(text: string): void {
    this.#world.observer.membershipChanged?.(this.id, text)
  }

  requestTurnEnd(): void {
    if (this.#isTurnEndDue) return
    this.#isTurnEndDue = true
    this.#whileAlive(0, () => {
      this.#isTurnEndDue = false
      this.engine?.turnEnded()
    })
  }

  // Links and disk.

  breakLinks(peer: number): void {
    for (const link of this.#links) if (link.peerId === peer) link.break()
  }

  releaseLinks(peer: number): void {
    for (const link of this.#links) if (link.peerId === peer) link.release()
  }

  linkOver(link: MemoryLink): void {
    this.#links.delete(link)
  }

  /** Operations of the disk that wait for {@link completeNext}. */
  get waitingOperations(): readonly string[] {
    return this.#operations.map(({ what }) => what)
  }

  /** Completes the oldest operation of a disk that is held; false when there is none. */
  completeNext(): boolean {
    const operation = this.#operations.shift()
    if (operation !== undefined) this.#complete(operation)
    return operation !== undefined
  }

  #later(operation: Operation): void {
    if (this.isDiskHeld) this.#operations.push(operation)
    else this.#whileAlive(this.#world.diskDelayMs(), () => this.#complete(operation))
  }

  #complete({ what, run }: Operation): void {
    this.#world.observer.completed?.(this.id, what)
    run()
  }

  get #leaderTerm(): LeaderTerm {
    if (this.term?.role !== 'leading') throw new Error(`server ${this.id} does not lead`)
    return this.term
  }

  #told(what: string): void {
    this.#world.observer.told?.(this.id, what)
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

  #whileAlive(delayMs: number, run: () => void): { cancel(): void } {
    const { life } = this
    return this.#world.after(delayMs, () => {
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
      if (!this.isUp || this.#world.isCut(this.id, to)) return
      if (target?.engine === undefined) this.engine?.voterUnreachable(to)
      else target.engine.notificationReceived(this.id, notification)
    })
  }

  #dial(
    serverId: number,
    listener: DialListener,
    accept: (engine: ZabEngine, link: PeerLink) => PeerLinkListener,
  ): Dialling {
    return this.#whileAlive(this.#world.delayMs(), () => {
      const target = this.#world.servers.get(serverId)
      if (target?.engine === undefined || this.#world.isCut(this.id, serverId))
        return listener.failed('the connection was refused')
      const connection = ++this.#world.connectionCount
      const near = new MemoryLink(this.#world, this, serverId, connection)
      const far = new MemoryLink(this.#world, target, this.id, connection)
      near.far = far
      far.far = near
      this.#links.add(near)
      target.#links.add(far)
      far.listener = accept(target.engine, far)
      near.listener = listener.opened(near)
    })
  }
}

function reconfigTxn(zxid: Zxid, text: string): Uint8Array {
  const data = new TextEncoder().encode(text)
  return encode(txn, {
    header: { clientId: 1n as SessionId, cxid: 1, zxid, time: 0, type: OpCode.reconfig },
    body: { type: OpCode.reconfig, path: '/zookeeper/config', data, version: -1 },
    digest: undefined,
  })
}
