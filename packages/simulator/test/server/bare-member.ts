/** A member without a replica: engine, election and history only. A leader submits something at every tick. */
import {
  type ConsensusHost,
  ElectionConnections,
  type LeaderTerm,
  type PeerLink,
  type PeerLinkListener,
  type Proposal,
  ZabEngine,
  zabDefaults,
} from '@quorate/consensus'
import { encode, OpCode, purePlatform, type SessionId, txn, type Zxid } from '@quorate/protocol'
import { DiskHistory, type MemberDriver } from '@quorate/replica'
import type { Tree } from '@quorate/tree'
import type { Member } from '../../src/server/simulated-member-driver.ts'

const submittedPerTick = 5

export class BareMember implements Member, ConsensusHost {
  readonly #driver: MemberDriver
  readonly #serverId: number
  readonly #history: DiskHistory
  #engine: ZabEngine | undefined
  #elections: ElectionConnections | undefined
  #leading: LeaderTerm | undefined
  #submitted = 0

  constructor(driver: MemberDriver, serverId: number) {
    this.#driver = driver
    this.#serverId = serverId
    this.#history = new DiskHistory({
      disk: driver.disk,
      dataDirectory: driver.dataDirectory,
      logDirectory: driver.logDirectory,
      treeOptions: { platform: purePlatform, extendedTypesEnabled: true },
      platform: purePlatform,
      recentCountMax: 50,
      logOptions: { preallocateBytes: 4_096, fileSizeMax: 16_384 },
      observer: driver.historyObserver,
      failed: (error) => driver.failed(error),
      abortSnapshot: () => driver.abortSnapshot(),
    })
  }

  get state(): ZabEngine['state'] {
    return this.#engine?.state ?? 'looking'
  }

  get lastZxid(): Zxid {
    return this.#history.tree.lastZxid
  }

  get tree(): Tree {
    return this.#history.tree
  }

  sessionsView(): undefined {
    return undefined
  }

  start(done: () => void): void {
    this.#history.start(() => {
      this.#begin()
      done()
    })
  }

  observerConnected(link: PeerLink): PeerLinkListener {
    return this.#engine!.acceptObserver(link)
  }

  learnerConnected(link: PeerLink): PeerLinkListener {
    return this.#engine!.accept(link)
  }

  electionConnected(link: PeerLink): PeerLinkListener {
    return this.#elections!.accept(link)
  }

  clientConnected(): undefined {
    return undefined
  }

  received(): void {}

  drained(): void {}

  disconnected(): void {}

  turnEnded(): void {
    this.#engine!.turnEnded()
  }

  ticked(): void {
    const term = this.#leading
    if (term === undefined) return
    for (let i = 0; i < submittedPerTick; i++) term.submit(this.#proposal(term.nextZxid()))
    this.requestTurnEnd()
  }

  leadingStarted(term: LeaderTerm): ReturnType<ConsensusHost['leadingStarted']> {
    this.#leading = term
    this.#driver.termObserver?.termStarted('leading', term.epoch, this.#serverId)
    return {
      deliver: (proposal) => this.#history.apply(proposal),
      requestForwarded: () => {},
      syncAsked: () => {},
      revalidationAsked: () => {},
      sessionTouched: () => {},
      learnerLeft: () => {},
    }
  }

  learningStarted(
    term: Parameters<ConsensusHost['learningStarted']>[0],
  ): ReturnType<ConsensusHost['learningStarted']> {
    this.#driver.termObserver?.termStarted(term.role, term.epoch, term.leaderId)
    return {
      deliver: (proposal) => this.#history.apply(proposal),
      syncAnswered: () => {},
      revalidated: () => {},
      takeTouches: () => {},
    }
  }

  termEnded(): void {
    this.#leading = undefined
    this.#driver.termObserver?.termEnded()
  }

  membershipChanged(): void {}

  requestTurnEnd(): void {
    this.#driver.requestTurnEnd()
  }

  #begin(): void {
    const driver = this.#driver
    const clock = {
      get nowMs() {
        return driver.monotonicMs
      },
      after: (delayMs: number, run: () => void) => driver.after(delayMs, run),
    }
    const { memberships } = driver
    const [electionAddress] =
      memberships.committed.memberById.get(this.#serverId)?.electionAddresses ?? []
    if (electionAddress === undefined) throw new Error('the membership lacks this server')
    this.#elections = new ElectionConnections({
      serverId: this.#serverId,
      electionAddresses: () => [electionAddress],
      saysAllAddresses: false,
      dial: (serverId, listener, addresses) => driver.dialElection(serverId, listener, addresses),
      memberships,
      clock,
      handshakeTimeoutMs: 500,
      received: (from, notification) => this.#engine!.notificationReceived(from, notification),
      unreachable: (id) => this.#engine!.voterUnreachable(id),
      lost: (id) => this.#engine!.voterDisconnected(id),
      report: (report) => driver.report(report),
    })
    this.#engine = new ZabEngine(
      {
        ...zabDefaults,
        serverId: this.#serverId,
        tickTimeMs: 200,
        commitLogCount: 50,
        standaloneEnabled: false,
      },
      {
        clock,
        history: this.#history,
        memberships,
        election: this.#elections,
        host: this,
        dial: (serverId, listener) => driver.dialQuorum(serverId, listener),
        dialMaster: (serverId, listener) => driver.dialObserverMaster(serverId, listener),
        report: (report) => driver.report(report),
      },
    )
    this.#engine.start()
  }

  #proposal(zxid: Zxid): Proposal {
    const count = ++this.#submitted
    const bytes = encode(txn, {
      header: {
        clientId: 1n as SessionId,
        cxid: count,
        zxid,
        time: this.#driver.wallMs,
        type: OpCode.setData,
      },
      body: {
        type: OpCode.setData,
        path: '/',
        data: Uint8Array.of(this.#serverId, count & 255),
        version: count,
      },
      digest: undefined,
    })
    return { zxid, bytes }
  }
}
