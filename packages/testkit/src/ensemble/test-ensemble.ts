/**
 * A whole ensemble in the process of a test: the members that `quorate ensemble` runs, on ports of this machine and data in memory.
 *
 * 1. A member is *settled* when it serves a leader that it can reach together with a majority, or when there is no such majority and it
 *    serves nobody. What changes who can reach whom resolves when all members that run are settled.
 */
import { nodeWorld } from '@quorate/client'
import type { CodecChoice, ZooKeeper, ZooKeeperOptions } from '@quorate/client/core'
import type { LogSink } from '@quorate/server'
import { endSession, type Expirable, sessionIdOf } from '../client/session-ender.ts'
import { type AnyZooKeeper, type IsolateOptions, TestClients } from '../client/test-clients.ts'
import { freePorts } from '../network/free-ports.ts'
import { PeerNetwork } from '../network/peer-network.ts'
import { isPortTaken, silence } from '../server/hosted-server.ts'
import { loopback, type Settings } from '../server/server-settings.ts'
import { TestMember } from './test-member.ts'

export interface StartEnsembleOptions {
  /** Members without a vote, behind the others. Default 0. */
  readonly observers?: number
  /** Lines of zoo.cfg of every member. */
  readonly settings?: Settings
  /** What a member has to say. Default: nobody hears it. */
  readonly log?: (id: number) => LogSink
}

/** Somebody else may take a free port before a member has it; then others are chosen. */
const startAttemptsMax = 5
const settleMs = 30_000
const lookIntervalMs = 1

/**
 * Starts a ZooKeeper ensemble in this process. All members serve when this resolves.
 *
 *     await using ensemble = await startEnsemble(3)
 *     const zk = await ensemble.client()
 *     await (await ensemble.leader()).kill()
 *
 * @param size members that vote; three survive the loss of one
 * @throws ConfigError for settings that no server takes
 */
export async function startEnsemble(
  size = 3,
  options: StartEnsembleOptions = {},
): Promise<TestEnsemble> {
  return await TestEnsemble.start(size, options)
}

export class TestEnsemble implements AsyncDisposable {
  /** The voters, in the order of their ids, and then the observers. */
  readonly members: readonly TestMember[]
  readonly #network: PeerNetwork
  readonly #clients: TestClients

  static async start(size: number, options: StartEnsembleOptions): Promise<TestEnsemble> {
    checkSize(size, options)
    for (let attempt = 1; ; attempt++) {
      const ports = await freePorts(3 * (size + (options.observers ?? 0)))
      const ensemble = new TestEnsemble(size, ports, options)
      try {
        await Promise.all(ensemble.members.map((member) => member.start()))
        await ensemble.settled()
        return ensemble
      } catch (error) {
        await ensemble.close()
        if (attempt === startAttemptsMax || !isPortTaken(error)) throw error
      }
    }
  }

  private constructor(size: number, ports: readonly number[], options: StartEnsembleOptions) {
    const { settings = {}, log = () => silence } = options
    this.#network = new PeerNetwork()
    this.#clients = new TestClients(nodeWorld)
    const ids = Array.from({ length: ports.length / 3 }, (_, i) => i + 1)
    const serverLines = Object.fromEntries(
      ids.map((id) => {
        const [quorum, election, client] = ports.slice(3 * (id - 1))
        const role = id > size ? 'observer' : 'participant'
        const line = `${loopback}:${quorum}:${election}:${role};${loopback}:${client}`
        return [`server.${id}`, line]
      }),
    )
    this.members = ids.map(
      (id) =>
        new TestMember({
          id,
          isObserver: id > size,
          port: ports[3 * id - 1]!,
          network: this.#network,
          clients: this.#clients,
          serverLines,
          settings,
          log: log(id),
        }),
    )
  }

  /** All members: `127.0.0.1:40001,127.0.0.1:40004,127.0.0.1:40007`. */
  get connectString(): string {
    return this.members.map(({ connectString }) => connectString).join(',')
  }

  /** A connected client of the ensemble, which is closed with it if not before. Takes the options of `new ZooKeeper`. */
  client<C extends CodecChoice = 'utf8'>(options: ZooKeeperOptions<C> = {}): Promise<ZooKeeper<C>> {
    return this.#clients.connect(this.connectString, options)
  }

  /** The member that leads, as soon as one does whom a majority follows. */
  leader(): Promise<TestMember> {
    return this.#until(() => this.members.find((member) => this.#leadsMajority(member)))
  }

  /**
   * Resolves when every member that runs serves, if it can reach a majority, and serves nobody if it can't.
   * @throws Error after 30 s
   */
  async settled(): Promise<void> {
    await this.#until(() => this.#running.every((member) => this.#isSettled(member)) || undefined)
  }

  /**
   * Parts the network between members: each group reaches only itself, and members of no group are a group together. Clients still
   * reach everybody. Resolves when the members have noticed.
   *
   *     await ensemble.partition([leader])
   */
  async partition(...groups: readonly (readonly TestMember[])[]): Promise<void> {
    this.#network.partition(groups.map((members) => members.map(({ id }) => id)))
    await this.settled()
  }

  /**
   * From now on these members, and no others, hear nobody, and nobody hears them, as if they stood still or their cables were pulled: all
   * connections stay, those of clients that `client()` made too, and what was sent arrives when `heal` ends it. Resolves when the
   * others have a leader, if they are a majority.
   */
  async silence(...members: readonly TestMember[]): Promise<void> {
    this.#network.silence(members.map(({ id }) => id))
    this.#clients.silence(new Set(members.map(({ port }) => port)))
    await this.settled()
  }

  /** All members reach each other again, and all clients them. Resolves when they serve. */
  async heal(): Promise<void> {
    this.#network.heal()
    this.#clients.heal()
    await this.settled()
  }

  /**
   * Ends a session as if it had timed out: its ephemeral nodes are gone when this resolves, and its owner hears of it as soon as it
   * is connected again.
   * @param session a client that has one, also one that this kit did not make
   */
  async expire(session: Expirable): Promise<void> {
    const leader = await this.leader()
    await endSession(
      nodeWorld.transport,
      [{ host: loopback, port: leader.port }],
      sessionIdOf(session),
    )
  }

  /** Breaks the connections of one client that `client()` made, or of all of them; they may connect again at once. */
  cutConnections(client?: AnyZooKeeper): void {
    this.#clients.cut(client)
  }

  /**
   * From now on a client that `client()` made reaches no member. Its connection breaks at once, or falls silent without a word, as
   * over a cable that was pulled: then it is the client's affair to notice.
   */
  isolate(client: AnyZooKeeper, options: IsolateOptions = {}): void {
    this.#clients.isolate(client, options)
  }

  /**
   * The client stands still, as a process does that is stopped, or collects garbage for long: it sends nothing, hears nothing, and no
   * time limit of its own comes up, while everybody else goes on. What is asked of it waits.
   */
  pauseClient(client: AnyZooKeeper): void {
    this.#clients.pause(client)
  }

  /** It goes on, in time as it is by then, with all that has come meanwhile. */
  resumeClient(client: AnyZooKeeper): void {
    this.#clients.resume(client)
  }

  /** Closes the clients, then all members. */
  async close(): Promise<void> {
    for (const member of this.members) member.mendDisk()
    this.#network.heal()
    await this.#clients.closeAll()
    await Promise.all(this.members.map((member) => member.stop()))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  get #running(): readonly TestMember[] {
    return this.members.filter(({ isRunning }) => isRunning)
  }

  #leadsMajority(member: TestMember): boolean {
    if (member.mode !== 'leader') return false
    const followers = this.members.filter(({ leaderId }) => leaderId === member.id)
    return this.#isMajority(followers.filter(({ id }) => this.#network.areConnected(member.id, id)))
  }

  #isSettled(member: TestMember): boolean {
    // It may take it long to notice, and nobody can tell.
    if (this.#network.isSilent(member.id)) return true
    const reachable = this.#running.filter(({ id }) => this.#network.areConnected(member.id, id))
    if (!this.#isMajority(reachable)) return member.leaderId === undefined
    const leader = reachable.find(({ id }) => id === member.leaderId)
    return leader !== undefined && this.#leadsMajority(leader)
  }

  #isMajority(members: readonly TestMember[]): boolean {
    return 2 * voterCount(members) > voterCount(this.members)
  }

  async #until<T>(look: () => T | undefined): Promise<T> {
    const overdueAtMs = performance.now() + settleMs
    for (;;) {
      const found = look()
      if (found !== undefined) return found
      if (performance.now() > overdueAtMs) throw this.#unsettled()
      await new Promise((resolve) => setTimeout(resolve, lookIntervalMs))
    }
  }

  #unsettled(): Error {
    const found = this.members.map(({ id, isRunning, mode }) => {
      const state = isRunning ? (mode ?? 'looks for a leader') : 'does not run'
      return `server ${id} ${state}`
    })
    return new Error(
      `the ensemble did not settle within ${settleMs} ms: ${found.join(', ')}; a majority of the voters must run and reach each other`,
    )
  }
}

function voterCount(members: readonly TestMember[]): number {
  return members.filter(({ isObserver }) => !isObserver).length
}

function checkSize(size: number, { observers = 0 }: StartEnsembleOptions): void {
  if (isCount(size - 2) && isCount(observers) && size + observers <= 50) return
  throw new RangeError(
    `an ensemble of ${size} members and ${observers} observers cannot be started; from 2 members on, and 50 in all at the most; startServer() starts one alone`,
  )
}

function isCount(count: number): boolean {
  return Number.isInteger(count) && count >= 0
}
