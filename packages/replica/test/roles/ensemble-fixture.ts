/**
 * A leader and its learners, each a service over its own tree, joined by terms that keep what was submitted in memory: for tests
 * of roles without an engine. Messages between two servers keep their order; commits and confirmations can be held back.
 */
import type {
  ForwardedRequest,
  Learner,
  LeaderTerm,
  LearnerTerm,
  Proposal,
  ReconfigurationRequest,
} from '@quorate/consensus'
import { makeZxid, purePlatform, type SessionId, type Zxid } from '@quorate/protocol'
import { type ReplicaOptions, type ReplicaReport, replicaDefaults } from '@quorate/replica'
import { Tree } from '@quorate/tree'
import { ClientService, serviceMemory, type ServicePorts } from '../../src/client-service.ts'
import { LeaderAuthority } from '../../src/roles/leader-authority.ts'
import { LearnerAuthority } from '../../src/roles/learner-authority.ts'
import { ReadOnlyAuthority } from '../../src/roles/read-only-authority.ts'
import { SessionIds } from '../../src/session-ids.ts'
import { type ClientWorld, TestClient } from '../replica-fixture.ts'

/** One server: its tree outlives its terms. */
export class TestServer implements ClientWorld, ServicePorts, Learner {
  readonly serverId: number
  readonly tree: Tree
  readonly closed: TestClient[] = []
  readonly reports: ReplicaReport[] = []
  readonly sessionIds: SessionIds
  readonly memory = serviceMemory()
  readonly world: TestEnsemble
  service!: ClientService
  leader: LeaderAuthority | undefined
  learner: LearnerAuthority | undefined
  /** What the leader has sent to this server and what it has sent to the leader, not yet taken. */
  fromLeader: (() => void)[] = []
  toLeader: (() => void)[] = []
  isTurnEndWanted = false
  /** With false nothing arrives of what this server sends to the leader. */
  isHeard = true

  constructor(world: TestEnsemble, serverId: number) {
    this.world = world
    this.serverId = serverId
    this.sessionIds = new SessionIds({ serverId, wallMs: world.wallMs })
    this.tree = new Tree({
      platform: purePlatform,
      extendedTypesEnabled: true,
      digestMismatched: (mismatch) => {
        throw new Error(`digest mismatch ${JSON.stringify(mismatch)}`)
      },
    })
    this.tree.createSystemNodes()
  }

  client(): TestClient {
    const client = new TestClient(this, '127.0.0.1')
    client.connection = this.service.connected(client)
    return client
  }

  /** A client with a session. */
  connectedClient(options: Parameters<TestClient['connect']>[0] = {}): TestClient {
    const client = this.client()
    const { timeOut } = client.connect(options)
    if (timeOut === 0) throw new Error('the session was refused')
    return client
  }

  receive(client: TestClient, bytes: Uint8Array): void {
    this.service.received(client.connection, bytes, 0, bytes.length)
    this.world.settle()
  }

  drained(client: TestClient): void {
    this.service.drained(client.connection)
    this.world.settle()
  }

  requestTurnEnd(): void {
    this.isTurnEndWanted = true
  }

  txnApplied(): void {}

  report(report: ReplicaReport): void {
    this.reports.push(report)
  }

  /** @returns whether there was anything to do */
  endTurn(): boolean {
    if (!this.isTurnEndWanted && this.closed.length === 0) return false
    this.isTurnEndWanted = false
    for (const { connection } of this.closed.splice(0))
      if (this.service.has(connection)) this.service.disconnected(connection)
    this.service.turnEnded()
    return true
  }
}

class TestLeaderTerm implements LeaderTerm {
  readonly role = 'leading'
  readonly epoch: number
  lastZxid: Zxid
  /** Submitted and not yet delivered. */
  readonly outstanding: Proposal[] = []
  readonly confirmations: { readonly after: Zxid; readonly confirmed: () => void }[] = []
  readonly #world: TestEnsemble

  constructor(world: TestEnsemble, epoch: number) {
    this.#world = world
    this.epoch = epoch
    this.lastZxid = makeZxid(epoch, 0)
  }

  nextZxid(): Zxid {
    return this.lastZxid + 1
  }

  submit({ zxid, bytes }: Proposal, membership?: string): void {
    if (zxid !== this.nextZxid()) throw new Error(`${zxid} was submitted after ${this.lastZxid}`)
    this.lastZxid = zxid
    this.outstanding.push({ zxid, bytes: bytes.slice() })
    if (membership !== undefined) this.#world.memberships.push(membership)
  }

  turnEnded(): void {}

  confirmLeadership(confirmed: () => void): void {
    this.confirmations.push({ after: this.lastZxid, confirmed })
  }

  answerSync(learner: Learner): void {
    const server = learner as TestServer
    server.fromLeader.push(() => server.learner!.syncAnswered())
  }

  answerRevalidation(learner: Learner, session: SessionId, isValid: boolean): void {
    const server = learner as TestServer
    server.fromLeader.push(() => server.learner!.revalidated(session, isValid))
  }

  planReconfiguration(request: ReconfigurationRequest): string | number {
    return this.#world.plan(request)
  }
}

class TestLearnerTerm implements LearnerTerm {
  readonly role = 'following'
  readonly epoch: number
  readonly leaderId = 1
  readonly hasConfirmedSync: boolean
  readonly fencesMoves: boolean
  readonly #server: TestServer
  readonly #leader: () => LeaderAuthority

  constructor(
    server: TestServer,
    parts: {
      readonly epoch: number
      readonly hasConfirmedSync: boolean
      readonly fencesMoves: boolean
      readonly leader: () => LeaderAuthority
    },
  ) {
    this.#server = server
    this.epoch = parts.epoch
    this.hasConfirmedSync = parts.hasConfirmedSync
    this.fencesMoves = parts.fencesMoves
    this.#leader = parts.leader
  }

  turnEnded(): void {}

  forward(request: ForwardedRequest): void {
    const copy = { ...request, body: request.body.slice() }
    this.#server.world.forwarded.push(copy)
    this.#server.toLeader.push(() => this.#leader().requestForwarded(this.#server, copy))
  }

  sync(request: ForwardedRequest): void {
    const copy = { ...request, body: request.body.slice() }
    this.#server.toLeader.push(() => this.#leader().syncAsked(this.#server))
    this.#server.world.synced.push(copy)
  }

  revalidate(session: SessionId, timeoutMs: number): void {
    this.#server.toLeader.push(() =>
      this.#leader().revalidationAsked(this.#server, session, timeoutMs),
    )
  }
}

export class TestEnsemble {
  nowMs = 1_000_000
  wallMs = 1_700_000_000_000
  /** With false what was submitted is not delivered. */
  isCommitting = true
  /** With false nothing arrives of what the leader sends. */
  isLeaderHeard = true
  /** With false nobody confirms that the leader leads. */
  isConfirming = true
  plan: (request: ReconfigurationRequest) => string | number = () => -13
  readonly memberships: string[] = []
  readonly forwarded: ForwardedRequest[] = []
  readonly synced: ForwardedRequest[] = []
  readonly servers: readonly TestServer[]
  readonly #options: Partial<ReplicaOptions>
  readonly #hasConfirmedSync: boolean
  readonly #fencesMoves: boolean
  #term!: TestLeaderTerm
  #leading!: TestServer
  #epoch = 0
  #isSettling = false

  constructor(
    options: Partial<ReplicaOptions> & {
      readonly isLeaderApache?: boolean
      readonly isMasterApache?: boolean
    } = {},
    count = 3,
  ) {
    const { isLeaderApache = false, isMasterApache = false, ...replica } = options
    this.#options = replica
    this.#hasConfirmedSync = !isLeaderApache
    this.#fencesMoves = !isMasterApache
    this.servers = Array.from({ length: count }, (_, i) => new TestServer(this, i + 1))
    this.elect(this.servers[0])
  }

  get leading(): TestServer {
    return this.#leading
  }

  /** A new term, of this leader; all servers have all that was delivered. */
  elect(leader: TestServer): void {
    for (const server of this.servers) this.#cutOff(server)
    this.#leading = leader
    this.#term = new TestLeaderTerm(this, ++this.#epoch)
    for (const server of this.servers) {
      if (server === leader) this.#lead(server)
      else this.#learn(server)
    }
    leader.leader!.expireOrphans()
    this.settle()
  }

  /** The server has lost everybody else. */
  isolate(server: TestServer): void {
    this.#cutOff(server)
    server.learner = server.leader = undefined
    const { tree, sessionIds } = server
    const options = this.#optionsOf(server)
    this.#serve(
      server,
      (host, order) => new ReadOnlyAuthority({ host, order, tree, options, sessionIds }),
    )
  }

  advance(ms: number, ticks = 1): void {
    for (let i = 0; i < ticks; i++) {
      this.nowMs += ms
      this.wallMs += ms
      for (const server of this.servers) {
        server.service.advanceClock(this.nowMs, this.wallMs)
        server.service.ticked()
      }
      this.settle()
    }
  }

  /** The leader pings, and learners answer with the sessions they have heard of. */
  ping(): Map<SessionId, number> {
    const touches = new Map<SessionId, number>()
    for (const server of this.servers)
      server.learner?.takeTouches((id, timeoutMs) => {
        touches.set(id, timeoutMs)
        this.#leading.leader!.sessionTouched(server, id, timeoutMs)
      })
    return touches
  }

  /** Lets everything happen that can happen now. */
  settle(): void {
    if (this.#isSettling) return
    this.#isSettling = true
    while (this.#step());
    this.#isSettling = false
  }

  #step(): boolean {
    let isBusy = false
    for (const server of this.servers) if (server.endTurn()) isBusy = true
    for (const server of this.servers) {
      if (!server.isHeard) continue
      for (const message of server.toLeader.splice(0)) {
        isBusy = true
        message()
      }
    }
    if (this.isCommitting) isBusy = this.#commit() || isBusy
    if (this.isConfirming) isBusy = this.#confirm() || isBusy
    if (!this.isLeaderHeard) return isBusy
    for (const server of this.servers) {
      for (const message of server.fromLeader.splice(0)) {
        isBusy = true
        message()
        server.isTurnEndWanted = true
      }
    }
    return isBusy
  }

  #commit(): boolean {
    const delivered = this.#term.outstanding.splice(0)
    for (const proposal of delivered) {
      this.#leading.service.authority.deliver(proposal)
      this.#leading.isTurnEndWanted = true
      for (const server of this.servers)
        if (server.learner !== undefined)
          server.fromLeader.push(() => server.learner!.deliver(proposal))
    }
    return delivered.length > 0
  }

  #confirm(): boolean {
    const { confirmations } = this.#term
    const due = confirmations.filter(
      ({ after }) => after <= this.#leading.tree.lastZxid || this.#isEmpty(after),
    )
    for (const one of due) {
      confirmations.splice(confirmations.indexOf(one), 1)
      this.#leading.isTurnEndWanted = true
      one.confirmed()
    }
    return due.length > 0
  }

  /** Whether nothing was submitted in the term up to here. */
  #isEmpty(after: Zxid): boolean {
    return after === makeZxid(this.#epoch, 0)
  }

  #cutOff(server: TestServer): void {
    server.service?.stop()
    server.fromLeader = []
    server.toLeader = []
    server.closed.length = 0
  }

  #lead(server: TestServer): void {
    const { tree, sessionIds } = server
    const options = this.#optionsOf(server)
    const service = this.#serve(
      server,
      (host, order) =>
        new LeaderAuthority({
          host,
          order,
          tree,
          options,
          sessionIds,
          term: this.#term,
          isAlone: false,
        }),
    )
    server.leader = service.authority
    server.learner = undefined
  }

  #learn(server: TestServer): void {
    const { tree, sessionIds } = server
    const options = this.#optionsOf(server)
    const term = new TestLearnerTerm(server, {
      epoch: this.#epoch,
      hasConfirmedSync: this.#hasConfirmedSync,
      fencesMoves: this.#fencesMoves,
      leader: () => this.#leading.leader!,
    })
    const service = this.#serve(
      server,
      (host, order) => new LearnerAuthority({ host, order, tree, options, sessionIds, term }),
    )
    server.learner = service.authority
    server.leader = undefined
  }

  #serve<A extends ClientService['authority']>(
    server: TestServer,
    authority: ConstructorParameters<typeof ClientService<A>>[0]['authority'],
  ): ClientService<A> {
    const service = new ClientService<A>({
      options: this.#optionsOf(server),
      tree: server.tree,
      ports: server,
      memory: server.memory,
      now: { monotonicMs: this.nowMs, wallMs: this.wallMs },
      authority,
    })
    server.service = service
    return service
  }

  #optionsOf(server: TestServer): ReplicaOptions {
    return {
      ...replicaDefaults,
      serverId: server.serverId,
      tickTimeMs: 2_000,
      minSessionTimeoutMs: 4_000,
      maxSessionTimeoutMs: 40_000,
      random: () => 0.5,
      ...this.#options,
    }
  }
}
