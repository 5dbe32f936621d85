/**
 * The driver of a member of an ensemble in the simulated world. It enters the member by one event at a time, and tells the
 * checkers of every step that the member tells it of.
 *
 * 1. What a timer starts comes behind all input that is there: a stall of the process is not the death of its peers.
 * 2. Nothing of an earlier life of the process reaches the member: all its events pass the host's gate.
 */
import {
  type Appointment,
  type DialListener,
  type Dialling,
  type MembershipStore,
  type PeerLink,
  type PeerLinkListener,
  type Role,
  serverOfLearner,
} from '@quorate/consensus'
import { purge, SnapshotWriter, versionDirectory } from '@quorate/log'
import { purePlatform, type SessionId, type Zxid } from '@quorate/protocol'
import type {
  ClientConnection,
  ClientLink,
  HistoryObserver,
  MemberDriver,
  ReplicaReport,
  SessionsView,
  TermObserver,
} from '@quorate/replica'
import type { SnapshotImage, Tree } from '@quorate/tree'
import type { SimulatedDisk } from '../disk/simulated-disk.ts'
import { viewTree } from '../history/tree-view.ts'
import type { Host } from '../host.ts'
import type { Endpoint, Port } from '../network/endpoint.ts'
import type { Network } from '../network/network.ts'
import { usPerMs, type World } from '../world.ts'
import { SimulatedClientLink } from './client-link.ts'
import { EndpointLink } from './endpoint-link.ts'
import type { EnsembleSettings } from './ensemble-settings.ts'
import type { KnownTxns } from './known-txns.ts'
import { attach, PeerDial } from './peer-links.ts'

export type LoadCause = Parameters<HistoryObserver['loaded']>[1]

/** A member of an ensemble, as its driver uses it. */
export interface Member {
  readonly state: 'looking' | 'following' | 'leading' | 'observing' | 'read-only'
  readonly lastZxid: Zxid
  readonly tree: Tree
  /** Undefined while it serves no clients. */
  sessionsView(): SessionsView | undefined
  start(done: () => void): void
  learnerConnected(link: PeerLink): PeerLinkListener
  observerConnected(link: PeerLink): PeerLinkListener
  electionConnected(link: PeerLink): PeerLinkListener
  clientConnected(link: ClientLink): ClientConnection | undefined
  received(connection: ClientConnection, bytes: Uint8Array, start: number, end: number): void
  drained(connection: ClientConnection): void
  disconnected(connection: ClientConnection): void
  turnEnded(): void
  ticked(): void
}

/** Who is told of what becomes of the process. */
export interface MemberListener {
  snapshotStarted(): void
  snapshotEnded(): void
  /** The log is durable up to here. */
  synced(zxid: Zxid): void
  loaded(tree: Tree, cause: LoadCause): void
  termStarted(role: Role, epoch: number): void
  termEnded(): void
  /** Something for the server's log, by its code. */
  reported(code: string): void
  failed(error: Error): void
}

export interface MemberDriverParts {
  readonly world: World
  readonly network: Network
  readonly host: Host
  readonly disk: SimulatedDisk
  readonly memberships: MembershipStore
  readonly knownTxns: KnownTxns
  readonly tickTimeMs: number
  readonly settings: Pick<EnsembleSettings, 'snapshotSliceBytes' | 'snapshotPauseUs'>
  readonly nameOf: (serverId: number) => string
  readonly listener: MemberListener
  readonly createMember: (driver: MemberDriver) => Member
}

const directory = '/data'
/** Of so many transactions the digest of one is told. */
const digestInterval = 8

export class SimulatedMemberDriver implements MemberDriver, HistoryObserver, TermObserver {
  readonly dataDirectory: string = directory
  readonly logDirectory: string = directory
  readonly disk: SimulatedDisk
  readonly memberships: MembershipStore
  readonly historyObserver: HistoryObserver
  readonly termObserver: TermObserver
  readonly member: Member
  readonly #parts: MemberDriverParts
  readonly #endTurn = (): void => {
    this.member.turnEnded()
  }
  readonly #enter = (event: () => void): void => event()
  #loggedZxid: Zxid = 0
  #snapshot: { readonly writer: SnapshotWriter; isAborted: boolean } | undefined

  constructor(parts: MemberDriverParts) {
    this.#parts = parts
    this.disk = parts.disk
    this.memberships = parts.memberships
    this.historyObserver = this
    this.termObserver = this
    this.member = parts.createMember(this)
  }

  get monotonicMs(): number {
    return this.#parts.host.monotonicMs
  }

  get wallMs(): number {
    return this.#parts.host.wallMs
  }

  /** The last that was put into the log in this life of the process. */
  get loggedZxid(): Zxid {
    return this.#loggedZxid
  }

  /** Recovers; then the member looks for a leader. */
  start(recovered: () => void): void {
    this.member.start(recovered)
  }

  /** The ports are open from now on. */
  listen(): void {
    const { network, host } = this.#parts
    network.listen(host, (endpoint) => this.#acceptClient(endpoint), 'client')
    const peers = {
      quorum: (link: PeerLink) => this.member.learnerConnected(link),
      observers: (link: PeerLink) => this.member.observerConnected(link),
      election: (link: PeerLink) => this.member.electionConnected(link),
    }
    for (const port of ['quorum', 'observers', 'election'] as const)
      network.listen(
        host,
        (endpoint) => attach(endpoint, peers[port](new EndpointLink(endpoint)), this.#enter),
        port,
      )
    this.#scheduleTick()
  }

  after(delayMs: number, run: () => void): Appointment {
    return new MemberTimer(this.#parts.host, delayMs, run)
  }

  dialQuorum(serverId: number, listener: DialListener): Dialling {
    return this.#dial(serverId, 'quorum', listener)
  }

  dialObserverMaster(serverId: number, listener: DialListener): Dialling {
    return this.#dial(serverId, 'observers', listener)
  }

  dialElection(serverId: number, listener: DialListener): Dialling {
    return this.#dial(serverId, 'election', listener)
  }

  requestTurnEnd(): void {
    this.#parts.host.atEventEnd('ends its turn', this.#endTurn)
  }

  writeSnapshot(image: SnapshotImage, ended: () => void): void {
    const { disk, host, listener, settings } = this.#parts
    const writer = new SnapshotWriter(disk, versionDirectory(directory), image, {
      platform: purePlatform,
      sliceBytes: settings.snapshotSliceBytes,
    })
    host.note('begins a snapshot at %', image.zxid)
    listener.snapshotStarted()
    this.#snapshot = { writer, isAborted: false }
    this.#stepSnapshot(this.#snapshot, ended)
  }

  abortSnapshot(): void {
    if (this.#snapshot === undefined) return
    this.#snapshot.isAborted = true
    this.#snapshot.writer.abort()
    this.#snapshot = undefined
    this.#parts.listener.snapshotEnded()
  }

  report({ code, message, fields = {} }: ReplicaReport): void {
    const { host, world, listener } = this.#parts
    const kind = syncKindOf(code, fields)
    listener.reported(code)
    host.note('%: %', code, message)
    world.reported(kind === undefined ? code : `${code} ${kind}`)
    this.#observeSync(code, fields)
    this.#observeExpiry(code, fields)
  }

  #observeExpiry(code: string, { sessionId }: ReportFields): void {
    if (code !== 'SESSION_EXPIRED' || typeof sessionId !== 'string') return
    const session = BigInt(sessionId) as SessionId
    this.#parts.world.observe({ type: 'sessionExpired', server: this.#parts.host.name, session })
  }

  #observeSync(code: string, { kind, leaderId, serverId, lastDelivered }: ReportFields): void {
    const { host, world, nameOf } = this.#parts
    const server = host.name
    if (code === 'SYNCHRONISING' && isSyncKind(kind) && typeof leaderId === 'number')
      world.observe({ type: 'synchronised', server, leader: nameOf(leaderId), kind })
    if (code !== 'LEARNER_SYNC') return
    if (typeof serverId !== 'number' || typeof lastDelivered !== 'number') return
    const learner = nameOf(serverOfLearner(serverId))
    world.observe({ type: 'syncPlanned', server, learner, committedZxid: lastDelivered })
  }

  failed(error: Error): void {
    this.#parts.listener.failed(error)
  }

  appended(zxid: Zxid, bytes: Uint8Array, start: number, end: number): void {
    const { host, world, knownTxns } = this.#parts
    this.#loggedZxid = zxid
    const { txn } = knownTxns.get(zxid, bytes, start, end)
    host.note('logs %, type %', zxid, txn.header.type)
    world.observe({ type: 'proposed', server: host.name, zxid, txn })
  }

  applied(zxid: Zxid, bytes: Uint8Array, start: number, end: number, isReplay: boolean): void {
    const { host, world, knownTxns } = this.#parts
    const known = knownTxns.get(zxid, bytes, start, end)
    const { txn } = known
    host.note(isReplay ? 'has replayed %' : 'has applied %', zxid)
    world.observe({
      type: 'applied',
      server: host.name,
      isReplay,
      zxid,
      bytes: known.bytes,
      txn,
    })
    if (isReplay || zxid % digestInterval !== 0) return
    const { high, low } = this.member.tree.digest
    world.observe({ type: 'digest', server: host.name, zxid, digest: `${high}:${low}` })
  }

  synced(zxid: Zxid): void {
    const { host, world, listener } = this.#parts
    world.observe({ type: 'synced', server: host.name, zxid })
    listener.synced(zxid)
  }

  loaded(tree: Tree, cause: LoadCause): void {
    const { host, world, listener } = this.#parts
    const server = host.name
    host.note('has a state at %: %', tree.lastZxid, cause)
    if (cause === 'truncated') world.observe({ type: 'historyCut', server, zxid: tree.lastZxid })
    world.observe({ type: 'loaded', server, cause, view: viewTree(tree) })
    listener.loaded(tree, cause)
  }

  termStarted(role: Role, epoch: number): void {
    const { host, world, listener } = this.#parts
    const { lastZxid } = this.member
    host.note('is % in epoch % from %', role, epoch, lastZxid)
    world.observe({ type: 'termStarted', server: host.name, role, epoch, lastZxid })
    listener.termStarted(role, epoch)
  }

  termEnded(): void {
    const { host, world, listener } = this.#parts
    host.note('has no role any more')
    world.observe({ type: 'termEnded', server: host.name })
    listener.termEnded()
  }

  #acceptClient(endpoint: Endpoint): void {
    const { member } = this
    const connection = member.clientConnected(new SimulatedClientLink(endpoint))
    if (connection === undefined) {
      endpoint.close()
      return
    }
    endpoint.handler = {
      received: (bytes) => member.received(connection, bytes, 0, bytes.length),
      drained: () => member.drained(connection),
      closed: () => member.disconnected(connection),
    }
  }

  #dial(serverId: number, port: Port, listener: DialListener): Dialling {
    const { host, network, nameOf } = this.#parts
    return new PeerDial(
      { host, network, target: nameOf(serverId), port, enter: this.#enter },
      listener,
    )
  }

  #stepSnapshot(
    snapshot: { readonly writer: SnapshotWriter; readonly isAborted: boolean },
    ended: () => void,
  ): void {
    const { host, listener, settings } = this.#parts
    const { writer } = snapshot
    // Other work comes in between.
    host.after(settings.snapshotPauseUs, 'timer', 'writes a slice of its snapshot', () => {
      if (snapshot.isAborted) return
      writer.step((error, isFinished) => {
        if (snapshot.isAborted) return
        if (error === undefined && !isFinished) {
          this.#stepSnapshot(snapshot, ended)
          return
        }
        this.#snapshot = undefined
        if (error === undefined) host.note('has %', writer.path)
        else host.note('has no snapshot: %', error.message)
        if (error === undefined) this.#purge()
        listener.snapshotEnded()
        ended()
      })
    })
  }

  #purge(): void {
    const folder = versionDirectory(directory)
    const removed = purge({
      disk: this.disk,
      dataDirectory: folder,
      logDirectory: folder,
      retainCount: 3,
    })
    for (const { name } of removed) this.#parts.host.note('purges %', name)
  }

  #scheduleTick(): void {
    const { host, tickTimeMs } = this.#parts
    host.after((tickTimeMs / 2) * usPerMs, 'timer', 'ticks', () => {
      this.#scheduleTick()
      host.behindInput('ticks', () => this.member.ticked())
    })
  }
}

type ReportFields = NonNullable<ReplicaReport['fields']>

/** How a synchronisation goes, as the summary of runs tells it. */
function syncKindOf(
  code: string,
  { kind, peerLastZxid, lastDelivered, outstandingCount }: ReportFields,
): string | undefined {
  if (typeof kind !== 'string') return undefined
  if (code !== 'LEARNER_SYNC') return kind
  if (kind === 'diff' && peerLastZxid === lastDelivered) return 'diff (empty)'
  return kind === 'trunc' && outstandingCount !== 0 ? 'trunc and proposals' : kind
}

function isSyncKind(kind: unknown): kind is 'DIFF' | 'TRUNC' | 'SNAP' {
  return kind === 'DIFF' || kind === 'TRUNC' || kind === 'SNAP'
}

/** A timer that, when its time has come, lets the input that is there go first. */
class MemberTimer implements Appointment {
  #next: Appointment | undefined

  constructor(host: Host, delayMs: number, run: () => void) {
    this.#next = host.after(delayMs * usPerMs, 'timer', 'has a timer due', () => {
      this.#next = host.behindInput('acts on its timer', run)
    })
  }

  cancel(): void {
    this.#next?.cancel()
  }
}
