/**
 * Hosts the member of an ensemble: carries out what it asks for, and brings it what happens.
 *
 * 1. The member is entered by one call at a time, and after its end by none.
 * 2. What a timer starts comes behind the input that is there: a pause of the process is not the death of its peers.
 * 3. A disk that fails is the end: nothing is acknowledged after it, and the server stops.
 * 4. While the member is in one call time stands still for it: it asks for it with every packet.
 */
import type { NetConnectOpts, Socket } from 'node:net'
import type {
  Appointment,
  DialListener,
  Dialling,
  HostPort,
  Member,
  MembershipStore,
  PeerLink,
  PeerLinkListener,
  Role,
} from '@quorate/consensus'
import type { Disk } from '@quorate/log'
import type {
  ClientConnection,
  HistoryObserver,
  MemberDriver,
  ReplicaReport,
  TermObserver,
  EnsembleMember,
} from '@quorate/replica'
import type { SnapshotImage } from '@quorate/tree'
import type { ClientPortHandler } from '../client-port/client-port.ts'
import type { SocketLink } from '../client-port/socket-link.ts'
import type { Machine } from '../machine.ts'
import { monotonicMs } from '../monotonic-ms.ts'
import { PeerDial } from '../peer-ports/peer-dial.ts'
import type { Enter } from '../peer-ports/peer-socket-link.ts'
import type { PeerSockets } from '../peer-ports/peer-sockets.ts'
import type { LogSink } from '../server-log.ts'
import { EarlyLearners } from './early-learners.ts'
import { atPort } from './own-ports.ts'
import { MemberTimers } from './member-timers.ts'

export interface EnsembleDriverOptions {
  readonly disk: Disk
  readonly dataDirectory: string
  readonly logDirectory: string
  readonly memberships: MembershipStore
  readonly sockets: PeerSockets
  /** Dials other servers. */
  readonly machine: Pick<Machine, 'connect'>
  /** Where voters serve observers; 0: nowhere. */
  readonly observerMasterPort: number
  /** How long a connection to another server may take to be made, ms. */
  readonly connectTimeoutMs: number
  /** Whether clients may stay with this server while it leads. */
  readonly leaderServes: boolean
  readonly log: LogSink
  readonly historyObserver: HistoryObserver | undefined
  readonly writeSnapshot: (image: SnapshotImage, ended: () => void) => void
  readonly abortSnapshot: () => void
  readonly answerWord: ClientPortHandler<ClientConnection>['answer']
  /** Told when the member serves clients in a role. */
  readonly termStarted: (role: Role, epoch: number, leaderId: number) => void
  readonly createMember: (driver: MemberDriver) => EnsembleMember
  /** The member can't go on. Told once. */
  readonly failed: (error: Error) => void
}

export class EnsembleDriver
  implements MemberDriver, TermObserver, ClientPortHandler<ClientConnection>
{
  readonly member: EnsembleMember
  readonly termObserver: TermObserver = this
  /** How peers' connections reach the member. */
  readonly enter: Enter = (event) => this.#enter(event)
  readonly #options: EnsembleDriverOptions
  readonly #early = new EarlyLearners()
  readonly #timers = new MemberTimers()
  #termStartedAtMs = 0
  #isOver = false
  /** Of the call that the member is in; undefined while it has not asked. */
  #nowMs: number | undefined
  #nowWallMs: number | undefined
  #isEntered = false

  constructor(options: EnsembleDriverOptions) {
    this.#options = options
    this.member = options.createMember(this)
  }

  /** When the last term began, on the monotonic clock. */
  get termStartedAtMs(): number {
    return this.#termStartedAtMs
  }

  get isServing(): boolean {
    return !this.#isOver && this.member.isServing
  }

  get #admitsClients(): boolean {
    if (this.#isOver) return false
    return this.#options.leaderServes || this.member.state !== 'leading'
  }

  /** Leaves the ensemble; resolves when what was logged is durable. */
  async stop(): Promise<void> {
    if (this.#isOver) return
    await new Promise<void>((resolve) => this.member.stop(resolve))
    this.#end()
  }

  // What the member asks for.

  get monotonicMs(): number {
    return this.#isEntered ? (this.#nowMs ??= monotonicMs()) : monotonicMs()
  }

  get wallMs(): number {
    return this.#isEntered ? (this.#nowWallMs ??= Date.now()) : Date.now()
  }

  get disk(): Disk {
    return this.#options.disk
  }

  get dataDirectory(): string {
    return this.#options.dataDirectory
  }

  get logDirectory(): string {
    return this.#options.logDirectory
  }

  get memberships(): MembershipStore {
    return this.#options.memberships
  }

  get historyObserver(): HistoryObserver | undefined {
    return this.#options.historyObserver
  }

  after(delayMs: number, run: () => void): Appointment {
    return this.#timers.after(delayMs, () => this.#enter(run))
  }

  dialQuorum(serverId: number, listener: DialListener): Dialling {
    return this.#dial(serverId, this.#peer(serverId)?.quorumAddresses ?? [], listener)
  }

  dialObserverMaster(serverId: number, listener: DialListener): Dialling {
    const { observerMasterPort } = this.#options
    const addresses = this.#peer(serverId)?.quorumAddresses ?? []
    return this.#dial(serverId, atPort(addresses, observerMasterPort), listener)
  }

  dialElection(serverId: number, listener: DialListener, addresses: readonly HostPort[]): Dialling {
    const known = this.#peer(serverId)?.electionAddresses ?? []
    return this.#dial(serverId, addresses.length > 0 ? addresses : known, listener)
  }

  requestTurnEnd(): void {
    setImmediate(() => this.#enter(() => this.member.turnEnded()))
  }

  writeSnapshot(image: SnapshotImage, ended: () => void): void {
    this.#options.writeSnapshot(image, () => this.#enter(ended))
  }

  abortSnapshot(): void {
    this.#options.abortSnapshot()
  }

  report(report: ReplicaReport): void
  report(level: 'info' | 'warn', code: string, message: string): void
  report(report: ReplicaReport | 'info' | 'warn', code = '', message = ''): void {
    this.#options.log.write(typeof report === 'object' ? report : { level: report, code, message })
  }

  failed(error: Error): void {
    if (this.#isOver) return
    this.#end()
    this.#options.failed(error)
  }

  #end(): void {
    this.#isOver = true
    this.#timers.cancelAll()
  }

  // What it tells.

  termStarted(role: Role, epoch: number, leaderId: number): void {
    this.#termStartedAtMs = monotonicMs()
    this.#options.termStarted(role, epoch, leaderId)
  }

  termEnded(): void {}

  // What happens.

  /** A server has connected to the quorum port. */
  learnerConnected(link: PeerLink): PeerLinkListener {
    const isUndecided = this.member.state === 'looking' || this.member.state === 'read-only'
    return isUndecided ? this.#early.keep(link) : this.member.learnerConnected(link)
  }

  ticked(): void {
    this.#enter(() => this.member.ticked())
  }

  connected(link: SocketLink<ClientConnection>): ClientConnection | undefined {
    return this.#admitsClients ? this.member.clientConnected(link) : undefined
  }

  received(connection: ClientConnection, bytes: Uint8Array, start: number, end: number): void {
    if (this.#isOver) return
    this.#begin()
    this.member.received(connection, bytes, start, end)
    this.#isEntered = false
  }

  drained(connection: ClientConnection): void {
    if (!this.#isOver) this.member.drained(connection)
  }

  disconnected(connection: ClientConnection): void {
    if (!this.#isOver) this.member.disconnected(connection)
  }

  hasSession(connection: ClientConnection): boolean {
    return connection.sessionId !== 0n
  }

  answer(...request: Parameters<ClientPortHandler<ClientConnection>['answer']>): string {
    return this.#options.answerWord(...request)
  }

  #enter(event: () => void): void {
    if (this.#isOver) return
    this.#begin()
    event()
    this.#isEntered = false
    if (!this.#early.isEmpty) this.#settleEarlyLearners()
  }

  #begin(): void {
    this.#isEntered = true
    this.#nowMs = undefined
    this.#nowWallMs = undefined
  }

  #settleEarlyLearners(): void {
    const { state } = this.member
    if (state === 'leading') this.#early.admit((link) => this.member.learnerConnected(link))
    else if (state === 'following' || state === 'observing') this.#early.dismiss()
  }

  #dial(serverId: number, addresses: readonly HostPort[], listener: DialListener): Dialling {
    const { sockets, machine, connectTimeoutMs: timeoutMs } = this.#options
    const connect = (options: NetConnectOpts): Socket => machine.connect(serverId, options)
    return new PeerDial({ addresses, connect, timeoutMs, sockets, enter: this.enter }, listener)
  }

  /** As the membership in force has it, or the one that is about to be. */
  #peer(serverId: number): Member | undefined {
    const { committed, lastSeen } = this.#options.memberships
    return committed.memberById.get(serverId) ?? lastSeen.memberById.get(serverId)
  }
}
