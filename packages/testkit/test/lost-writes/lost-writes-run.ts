/**
 * A client writes through connections that are cut at random bytes, while leaders are killed now and then; what it was told is then held
 * against what is there.
 *
 * 1. No promise is rejected that leaves its caller in doubt.
 * 2. Each write is carried out once, in the order in which it was asked for, and is told its own result.
 */
import { nodeWorld } from '@quorate/client'
import { ZooKeeper, ZooKeeperError } from '@quorate/client/core'
import { startEnsemble, type TestEnsemble } from '../../src/index.ts'
import { CuttingProxy, type CutPlan } from './cutting-proxy.ts'

export interface LostWritesOptions {
  readonly seed: number
  /** Connections to cut. */
  readonly cutsMin: number
  /** So many cuts between two kills of a leader; Infinity: none is killed. */
  readonly cutsPerKill: number
  readonly wallMsMax: number
  readonly progress?: (text: string) => void
}

/** Servers behind which connections are cut. */
export interface CutServers {
  readonly ports: readonly number[]
  /** Kills the leader, starts it again, and resolves when all serve. */
  killLeader(): Promise<void>
}

export interface LostWritesReport {
  readonly cutCount: number
  readonly killCount: number
  readonly writeCount: number
  /** Promises that were rejected with `applied: 'unknown'`. */
  readonly ambiguousCount: number
  /** What is wrong, in sentences. */
  readonly problems: readonly string[]
  readonly elapsedMs: number
}

/** One request and its answer are some 60 to 200 bytes, the connect request and its answer 50 to 70. */
const cutBytesMost = 6_000
const writesAtATime = 24
const problemsMax = 20
/** Fixed for all: the session outlives every cut and every election. */
const sessionTimeoutMs = 30_000

/** On servers inside this process. */
export async function runLostWrites(options: LostWritesOptions): Promise<LostWritesReport> {
  await using ensemble = await startEnsemble(3, { settings: { maxSessionTimeout: 60_000 } })
  return await runLostWritesOn(hostedServers(ensemble), options)
}

/** @param servers let a session live for a minute */
export async function runLostWritesOn(
  servers: CutServers,
  options: LostWritesOptions,
): Promise<LostWritesReport> {
  return await new LostWritesRun(servers, options).run()
}

function hostedServers(ensemble: TestEnsemble): CutServers {
  return {
    ports: ensemble.members.map(({ port }) => port),
    async killLeader() {
      const leader = await ensemble.leader()
      await leader.kill()
      await leader.start()
      await ensemble.settled()
    },
  }
}

class LostWritesRun {
  readonly #servers: CutServers
  readonly #options: LostWritesOptions
  readonly #random: () => number
  readonly #problems: string[] = []
  #proxies: readonly CuttingProxy[] = []
  #isCutting = true
  #ambiguousCount = 0
  #killCount = 0
  #writeCount = 0
  #versions = 0
  /** Ends of the paths of sequential nodes, by the number of the write. */
  readonly #names = new Map<number, string>()
  readonly #deleted = new Set<number>()

  constructor(servers: CutServers, options: LostWritesOptions) {
    this.#servers = servers
    this.#options = options
    this.#random = mulberry32(options.seed)
  }

  async run(): Promise<LostWritesReport> {
    const startedAtMs = performance.now()
    await using disposables = new AsyncDisposableStack()
    const plan = { next: () => this.#nextCut() }
    this.#proxies = await Promise.all(
      this.#servers.ports.map(async (port) =>
        disposables.use(await CuttingProxy.start(port, plan)),
      ),
    )
    await this.#prepare()
    const zk = disposables.use(this.#client())
    await this.#writeUnderCuts(zk, startedAtMs)
    this.#isCutting = false
    await zk.sync('/')
    await this.#judge(zk)
    return {
      cutCount: this.#cutCount,
      killCount: this.#killCount,
      writeCount: this.#writeCount,
      ambiguousCount: this.#ambiguousCount,
      problems: this.#problems,
      elapsedMs: performance.now() - startedAtMs,
    }
  }

  async #prepare(): Promise<void> {
    await using direct = new ZooKeeper(addressesOf(this.#servers.ports), {}, nodeWorld)
    await direct.transaction().create('/queue').create('/version').create('/pairs').commit()
  }

  get #cutCount(): number {
    return this.#proxies.reduce((sum, { cutCount }) => sum + cutCount, 0)
  }

  #nextCut(): ReturnType<CutPlan['next']> {
    if (!this.#isCutting) return undefined
    const direction = this.#random() < 0.5 ? 'toServer' : 'toClient'
    // Most cuts come while there is something to cut: shortly behind the welcome.
    const bytes = 1 + Math.floor(this.#random() ** 2 * cutBytesMost)
    return { direction, bytes }
  }

  /** A client that comes back at once. */
  #client(): ZooKeeper {
    const servers = addressesOf(this.#proxies.map(({ port }) => port))
    const random = { next: () => this.#random() * 0.02 }
    return new ZooKeeper(servers, { timeout: sessionTimeoutMs }, { ...nodeWorld, random })
  }

  async #writeUnderCuts(zk: ZooKeeper, startedAtMs: number): Promise<void> {
    const { cutsMin, cutsPerKill, wallMsMax, progress } = this.#options
    let nextKill = cutsPerKill
    while (this.#cutCount < cutsMin && this.#problems.length < problemsMax) {
      if (performance.now() - startedAtMs > wallMsMax) {
        this.#problem(`only ${this.#cutCount} cuts in ${wallMsMax} ms`)
        return
      }
      const killing = this.#cutCount >= nextKill ? this.#killLeader() : undefined
      if (killing !== undefined) nextKill += cutsPerKill
      await Promise.all(Array.from({ length: writesAtATime }, () => this.#write(zk)))
      await killing
      progress?.(`${this.#cutCount} cuts, ${this.#killCount} kills, ${this.#writeCount} writes`)
    }
  }

  async #killLeader(): Promise<void> {
    this.#killCount++
    await this.#servers.killLeader()
  }

  /** Asks for the next write, and looks at what comes of it. Writes are asked for in the order of their numbers. */
  async #write(zk: ZooKeeper): Promise<void> {
    const number = this.#writeCount++
    try {
      if (number % 4 === 0) await this.#addToQueue(zk, number)
      else if (number % 4 === 1) await this.#setVersion(zk, number)
      else if (number % 4 === 2) await this.#makePair(zk, number)
      else await this.#deletePair(zk, number - 1)
    } catch (error) {
      if (!(error instanceof ZooKeeperError)) throw error
      if (error.applied === 'unknown') this.#ambiguousCount++
      this.#problem(`write ${number} is rejected with ${error.code}, applied: ${error.applied}`)
    }
  }

  async #addToQueue(zk: ZooKeeper, number: number): Promise<void> {
    const path = await zk.create('/queue/item-', String(number), { sequential: true })
    this.#names.set(number, path.slice('/queue/'.length))
  }

  /** Each is one version more than the one before, if none was lost or carried out twice. */
  async #setVersion(zk: ZooKeeper, number: number): Promise<void> {
    const version = ++this.#versions
    const stat = await zk.set('/version', String(number), { version: version - 1 })
    if (stat.version !== version)
      this.#problem(`write ${number} made version ${stat.version} instead of ${version}`)
  }

  async #makePair(zk: ZooKeeper, number: number): Promise<void> {
    const [path] = await zk
      .transaction()
      .create(`/pairs/${number}`, 'left')
      .set('/pairs', String(number))
      .commit()
    if (path !== `/pairs/${number}`) this.#problem(`write ${number} made ${path}`)
  }

  async #deletePair(zk: ZooKeeper, number: number): Promise<void> {
    await zk.delete(`/pairs/${number}`, { version: 0 })
    this.#deleted.add(number)
  }

  async #judge(zk: ZooKeeper): Promise<void> {
    const { version } = (await zk.getWithStat('/version')).stat
    if (version !== this.#versions)
      this.#problem(`/version was set ${version} times, and asked for ${this.#versions} times`)
    const pairs = await zk.children('/pairs')
    const kept = this.#writeCount - this.#deleted.size
    if (pairs.length > 0) this.#problem(`${pairs.length} pairs are left of ${kept} writes`)
    const names = (await zk.children('/queue')).toSorted((a, b) => a.localeCompare(b))
    const expected = [...this.#names].toSorted(([a], [b]) => a - b)
    if (names.length !== expected.length)
      this.#problem(`${names.length} items are there, and ${expected.length} were told`)
    for (const [at, [number, told]] of expected.entries()) {
      if (names[at] !== told)
        this.#problem(`item ${at} is ${names[at]}, and write ${number} was told ${told}`)
      else if ((await zk.get(`/queue/${told}`)) !== String(number))
        this.#problem(`${told} is not of write ${number}`)
      if (this.#problems.length >= problemsMax) return
    }
  }

  #problem(text: string): void {
    if (this.#problems.length < problemsMax) this.#problems.push(text)
  }
}

function addressesOf(ports: readonly number[]): string {
  return ports.map((port) => `127.0.0.1:${port}`).join(',')
}

/** A small generator of numbers of at least 0 and below 1. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000
  }
}
