/** Members of an ensemble with everything real but their machines: disks in memory, links without delay but for the order, virtual time. */
import {
  type Appointment,
  type DialListener,
  type Dialling,
  type Membership,
  parseMembership,
  type PeerLink,
  type PeerLinkListener,
  zabDefaults,
} from '@quorate/consensus'
import { MemoryDisk, SnapshotWriter } from '@quorate/log'
import { purePlatform } from '@quorate/protocol'
import {
  EnsembleMember,
  type MemberDriver,
  replicaDefaults,
  type ReplicaReport,
} from '@quorate/replica'
import type { SnapshotImage } from '@quorate/tree'
import { type ClientWorld, TestClient } from '../replica-fixture.ts'

interface Event {
  readonly dueMs: number
  readonly run: () => void
}

export interface MemberWorldOptions {
  readonly isReadOnlyModeEnabled?: boolean
  readonly snapCount?: number
}

const tickTimeMs = 200

export class MemberWorld {
  nowMs = 1_000
  readonly machines: readonly MemberMachine[]
  #events: Event[] = []

  constructor(count: number, options: MemberWorldOptions = {}) {
    const lines = Array.from(
      { length: count },
      (_, i) => `server.${i + 1}=h${i + 1}:2:3:participant`,
    )
    const membership = parseMembership([...lines, 'version=0'].join('\n'))
    this.machines = lines.map((_, i) => new MemberMachine(this, i + 1, membership, options))
    for (const machine of this.machines) machine.start()
  }

  /** Behind all that is due by then. */
  after(delayMs: number, run: () => void): Appointment {
    const event = { dueMs: this.nowMs + delayMs, run }
    const at = this.#events.findIndex(({ dueMs }) => dueMs > event.dueMs)
    this.#events.splice(at === -1 ? this.#events.length : at, 0, event)
    return { cancel: () => void (this.#events = this.#events.filter((it) => it !== event)) }
  }

  run(durationMs: number): void {
    const endMs = this.nowMs + durationMs
    for (
      let next = this.#events[0];
      next !== undefined && next.dueMs <= endMs;
      next = this.#events[0]
    ) {
      this.#events.shift()
      this.nowMs = Math.max(this.nowMs, next.dueMs)
      next.run()
    }
    this.nowMs = endMs
  }

  runUntil(isSo: () => boolean): void {
    for (let i = 0; i < 10_000; i++) {
      if (isSo()) return
      this.run(10)
    }
    throw new Error('it has not come to be so in 100 s')
  }

  /** Runs until all machines that are up serve, and returns the leader's. */
  establish(): MemberMachine {
    const up = this.machines.filter(({ isUp }) => isUp)
    this.runUntil(() => up.every(({ member }) => member.isServing && member.state !== 'read-only'))
    return up.find(({ member }) => member.state === 'leading')!
  }
}

export class MemberMachine implements MemberDriver, ClientWorld {
  readonly serverId: number
  readonly disk: MemoryDisk = new MemoryDisk()
  readonly dataDirectory: string = '/data'
  readonly logDirectory: string = '/data'
  readonly reports: ReplicaReport[] = []
  readonly closed: TestClient[] = []
  readonly memberships
  readonly world: MemberWorld
  isUp = false
  /** The next start is one on a disk that takes nothing. */
  isDiskless = false
  snapshotCount = 0
  member!: EnsembleMember
  #life = 0
  #links: MemoryLink[] = []
  readonly #options: MemberWorldOptions

  constructor(
    world: MemberWorld,
    serverId: number,
    membership: Membership,
    options: MemberWorldOptions,
  ) {
    this.world = world
    this.serverId = serverId
    this.#options = options
    this.memberships = {
      committed: membership,
      lastSeen: membership,
      setCommitted(it: Membership): void {
        this.committed = it
      },
      setLastSeen(it: Membership): void {
        this.lastSeen = it
      },
    }
  }

  get monotonicMs(): number {
    return this.world.nowMs
  }

  get wallMs(): number {
    return 1_700_000_000_000 + this.world.nowMs
  }

  start(): void {
    this.isUp = true
    const { serverId } = this
    this.member = new EnsembleMember(
      {
        replica: {
          ...replicaDefaults,
          serverId,
          tickTimeMs,
          minSessionTimeoutMs: 400,
          random: () => 0.5,
          snapCount: this.#options.snapCount ?? replicaDefaults.snapCount,
        },
        zab: {
          ...zabDefaults,
          serverId,
          tickTimeMs,
          finalizeWaitMs: 20,
          isDiskless: this.isDiskless,
        },
        electionHandshakeTimeoutMs: 500,
        saysAllAddresses: false,
        isReadOnlyModeEnabled: this.#options.isReadOnlyModeEnabled ?? false,
        history: { treeOptions: { platform: purePlatform, extendedTypesEnabled: true } },
      },
      this,
    )
    this.member.start(() => {})
    this.#tick()
  }

  crash(): void {
    this.isUp = false
    this.#life++
    this.disk.crash()
    for (const link of this.#links.splice(0)) link.break()
  }

  connectedClient(options: Parameters<TestClient['connect']>[0] = {}): TestClient {
    const client = new TestClient(this, '127.0.0.1')
    const connection = this.member.clientConnected(client)
    if (connection === undefined) throw new Error('nobody serves')
    client.connection = connection
    client.connect(options)
    return client
  }

  receive(client: TestClient, bytes: Uint8Array): void {
    this.member.received(client.connection, bytes, 0, bytes.length)
    this.world.run(5)
  }

  drained(client: TestClient): void {
    this.member.drained(client.connection)
  }

  after(delayMs: number, run: () => void): Appointment {
    return this.world.after(delayMs, this.#inThisLife(run))
  }

  dialQuorum(serverId: number, listener: DialListener): Dialling {
    return this.#dial(serverId, listener, (member, link) => member.learnerConnected(link))
  }

  dialObserverMaster(serverId: number, listener: DialListener): Dialling {
    return this.#dial(serverId, listener, (member, link) => member.observerConnected(link))
  }

  dialElection(serverId: number, listener: DialListener): Dialling {
    return this.#dial(serverId, listener, (member, link) => member.electionConnected(link))
  }

  requestTurnEnd(): void {
    this.after(0, () => {
      for (const { connection } of this.closed.splice(0)) this.member.disconnected(connection)
      this.member.turnEnded()
    })
  }

  writeSnapshot(image: SnapshotImage, ended: () => void): void {
    const writer = new SnapshotWriter(this.disk, '/data/version-2', image, {
      platform: purePlatform,
    })
    const step = (): void =>
      writer.step((error, isFinished) => {
        if (error !== undefined) throw error
        if (!isFinished) return step()
        this.snapshotCount++
        this.after(0, ended)
      })
    step()
  }

  abortSnapshot(): void {}

  report(report: ReplicaReport): void {
    this.reports.push(report)
  }

  failed(error: Error): void {
    throw error
  }

  owns(link: MemoryLink): void {
    this.#links.push(link)
  }

  later(run: () => void): void {
    this.after(1, run)
  }

  #tick(): void {
    this.after(tickTimeMs / 2, () => {
      this.member.ticked()
      this.#tick()
    })
  }

  #inThisLife(run: () => void): () => void {
    const life = this.#life
    return () => {
      if (life === this.#life) run()
    }
  }

  #dial(
    serverId: number,
    listener: DialListener,
    accept: (member: EnsembleMember, link: PeerLink) => PeerLinkListener,
  ): Dialling {
    return this.after(1, () => {
      const peer = this.world.machines[serverId - 1]
      if (!peer.isUp) {
        listener.failed('nobody listens')
        return
      }
      const [here, there] = [new MemoryLink(this), new MemoryLink(peer)]
      here.peer = there
      there.peer = here
      there.listener = accept(peer.member, there)
      here.listener = listener.opened(here)
    })
  }
}

/** One end of a connection. */
class MemoryLink implements PeerLink {
  readonly queuedBytes = 0
  peer!: MemoryLink
  listener: PeerLinkListener | undefined
  readonly #machine: MemberMachine
  #isPaused = false
  #isClosed = false
  #held: Uint8Array[] = []

  constructor(machine: MemberMachine) {
    this.#machine = machine
    machine.owns(this)
  }

  write(bytes: Uint8Array, start: number, end: number): boolean {
    const copy = bytes.slice(start, end)
    const { peer } = this
    peer.#machine.later(() => peer.#take(copy))
    return true
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    this.#machine.later(() => {
      for (const bytes of this.#held.splice(0)) this.#take(bytes)
    })
  }

  close(): void {
    this.#end('closed here')
    const { peer } = this
    peer.#machine.later(() => peer.#end('closed by the peer'))
  }

  /** The machine is gone. */
  break(): void {
    this.#isClosed = true
    const { peer } = this
    peer.#machine.later(() => peer.#end('the peer is gone'))
  }

  #take(bytes: Uint8Array): void {
    if (this.#isClosed) return
    if (this.#isPaused) this.#held.push(bytes)
    else this.listener?.received(bytes, 0, bytes.length)
  }

  #end(reason: string): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#machine.later(() => this.listener?.closed(reason))
  }
}
