/**
 * One run: three processes of servers, five of workers that use all recipes, and what kills and stops them.
 *
 *     start ── work, kills and pauses ── all servers back ── rest: queues emptied, everybody sees the same ── leave ── judged
 *
 * The seed decides what comes in which order; when exactly each hits, and so what comes of it, is the machine's affair.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { setTimeout as delay } from 'node:timers/promises'
import { ZooKeeper } from '@quorate/client'
import { lockingQueue, priorityQueue, queue, sharedCount } from '@quorate/recipes'
import { Prng } from '@quorate/simulator'
import { HistoryGatherer } from '../faults/judgement/committed-history.ts'
import { Ensemble } from '../harness/ensemble.ts'
import { eventually } from '../harness/eventually.ts'
import { assertEqualTrees } from '../mixed/equal-trees.ts'
import { mixedOptions } from '../mixed/mixed-options.ts'
import { judge, type Judgement } from './judgement/judgement.ts'
import type { Journal } from './journal.ts'
import { Killer } from './killer.ts'
import {
  lastItem,
  nowUs,
  paths,
  type Report,
  sectionPath,
  sharedItems,
  soleLocks,
} from './words.ts'
import { WorkerProcess } from './worker-process.ts'

export interface KillOptions {
  readonly seed: number
  readonly durationMs: number
  readonly print: (line: string) => void
}

export interface KillResult extends Judgement {
  readonly faultCounts: ReadonlyMap<string, number>
  /** Journals and data, kept when something is wrong. */
  readonly keptAt: string | undefined
}

const workerCount = 5
export const sessionTimeoutMs = 3_000
const gatherEveryMs = 1_000
/** What everybody may need to end what it is at, and to see what the others see, on a busy machine. */
const restBoundMs = 60_000
const leaveBoundMs = 20_000

const configuration: readonly string[] = [
  'tickTime=500',
  'initLimit=20',
  'syncLimit=4',
  // Snapshots and synchronisations by them, too.
  'snapCount=1500',
  // What is purged can't be judged.
  'autopurge.purgeInterval=0',
]

/** The nodes above locks and members go whenever they are empty for a moment. */
const containerCheckMs = 1_000
const properties: Readonly<Record<string, string>> = {
  'znode.container.checkIntervalMs': String(containerCheckMs),
}

export async function runKills(options: KillOptions): Promise<KillResult> {
  const ensemble = await Ensemble.start(
    mixedOptions({ voters: ['quorate', 'quorate', 'quorate'], configuration, properties }),
  )
  const run = new KillRun(options, ensemble)
  try {
    return await run.run()
  } finally {
    await run.dispose()
  }
}

class KillRun {
  readonly #options: KillOptions
  readonly #ensemble: Ensemble
  readonly #random: Prng
  readonly #directory: string = mkdtempSync(join(tmpdir(), 'interop-kills-'))
  readonly #workers: WorkerProcess[] = []
  readonly #gatherer: HistoryGatherer
  readonly #startedAtMs: number = performance.now()
  #hiredCount = 0
  #isKept = false

  constructor(options: KillOptions, ensemble: Ensemble) {
    this.#options = options
    this.#ensemble = ensemble
    this.#random = new Prng(`kills ${options.seed}`)
    this.#gatherer = new HistoryGatherer(ensemble.members)
  }

  async run(): Promise<KillResult> {
    await this.#layOut()
    await Promise.all(Array.from({ length: workerCount }, () => this.#hire()))
    const killer = new Killer({
      ensemble: this.#ensemble,
      random: this.#random.fork('killer'),
      sessionTimeoutMs,
      workers: () => this.#living,
      hire: () => this.#hire(),
      print: (line) => this.#print(line),
    })
    const overAtMs = performance.now() + this.#options.durationMs
    const gathering = setInterval(() => this.#gatherer.gather(), gatherEveryMs)
    try {
      await killer.run(() => performance.now() > overAtMs || this.#endedByThemselves.length > 0)
    } finally {
      clearInterval(gathering)
    }
    const early = await this.#settle()
    const judgement = this.#judge(killer, early)
    this.#isKept = judgement.problems.length > 0
    const keptAt = this.#isKept ? this.#directory : undefined
    return { ...judgement, faultCounts: killer.counts, keptAt }
  }

  async dispose(): Promise<void> {
    for (const worker of this.#workers) worker.resume()
    await Promise.all(this.#workers.map((worker) => worker.kill()))
    await this.#ensemble.dispose()
    if (!this.#isKept) rmSync(this.#directory, { recursive: true, force: true })
  }

  get #living(): readonly WorkerProcess[] {
    return this.#workers.filter(({ isRunning }) => isRunning)
  }

  get #endedByThemselves(): readonly string[] {
    return this.#workers.flatMap(({ problem }) => problem ?? [])
  }

  get #storeFile(): string {
    return join(this.#directory, 'store.jsonl')
  }

  /** What recipes leave to be there. */
  async #layOut(): Promise<void> {
    await using zk = new ZooKeeper(this.#ensemble.connectString)
    const createParents = true
    for (const lock of soleLocks) {
      await zk.create(sectionPath(lock), '0', { createParents })
      await zk.create(`/recipes/token-${lock}`, '0', { createParents })
    }
    await zk.create('/sections/semaphore', '')
    await zk.create('/sections/held-on', '')
    await zk.create(paths.round, '0', { createParents })
    await zk.create(paths.shared, '')
  }

  /** Resolves when the worker is at work. */
  async #hire(): Promise<void> {
    const number = ++this.#hiredCount
    const worker = await WorkerProcess.start(this.#directory, {
      name: `worker${number}`,
      servers: this.#ensemble.connectString,
      sessionTimeoutMs,
      seed: `worker ${number} of ${this.#options.seed}`,
      renews: number % 2 === 0,
      lossPolicy: number % 3 === 0 ? 'session' : 'lease',
      storeFile: this.#storeFile,
    })
    this.#workers.push(worker)
    await this.#untilAll([worker], `${worker.name} to begin`, ({ last }) => last('began'))
  }

  /** @returns what went wrong before anything could be judged */
  async #settle(): Promise<readonly string[]> {
    try {
      await this.#ensemble.awaitServing()
      const down = this.#ensemble.members.filter(({ isRunning }) => !isRunning)
      if (down.length > 0) return down.map(({ name }) => `${name} ended by itself`)
      await this.#rest()
      await this.#leave()
      await this.#untilEqualTrees()
      return []
    } catch (error) {
      return [(error as Error).message]
    } finally {
      for (const worker of this.#workers) worker.journal.read()
      this.#gatherer.gather()
      for (const member of this.#ensemble.members) await member.stop()
    }
  }

  /** Ends the work, and waits until everybody sees the same. */
  async #rest(): Promise<void> {
    const living = this.#living
    for (const worker of living) worker.rest()
    await this.#untilAll(living, 'all to put no more', ({ last }) => last('putNoMore'))
    await using zk = new ZooKeeper(this.#ensemble.connectString)
    for (const _ of living) {
      await queue(zk, paths.queue).put(lastItem)
      await priorityQueue(zk, paths.priorityQueue).put(lastItem, { priority: 999 })
      await lockingQueue(zk, paths.lockingQueue).put(lastItem, { priority: 999 })
    }
    await this.#untilAll(living, 'all to have emptied the queues', ({ last }) => last('rested'))
    this.#print('all rest')
    await this.#untilAllSeeTheSame(zk)
    await this.#killOneInPeace()
    await this.#untilAllSeeTheSame(zk)
    this.#print('nobody sees it any more')
  }

  /** All servers run, and nobody holds anything but a share: so it is for the recipes to notice. */
  async #killOneInPeace(): Promise<void> {
    const victim = this.#random.pick(this.#living)
    this.#print(`kill -9 ${victim.name}, which rests`)
    await victim.kill()
  }

  async #untilAllSeeTheSame(zk: ZooKeeper): Promise<void> {
    const living = this.#living
    const names = living.map(({ name }) => name).toSorted()
    const configCount = await counted(zk)
    const expected: Omit<Report, 'items'> = {
      group: names,
      party: names,
      nodes: names,
      instances: names,
      ttlNodes: names,
      alive: names,
      configCount,
      sharedCount: await sharedCountOf(zk),
    }
    await this.#untilAll(living, `all to see ${JSON.stringify(expected)}`, ({ last }) => {
      const { items: _, ...seen } = last('reported')?.report ?? {}
      return isDeepStrictEqual(seen, expected)
    })
    const itemsOfAll = (): readonly string[] =>
      living.flatMap(({ journal: { last } }) => last('reported')?.report.items ?? [])
    await this.#untilAll(living, `all to share ${sharedItems.join(', ')}`, () =>
      isDeepStrictEqual(itemsOfAll().toSorted(), sharedItems),
    )
    // And each has made a copy since.
    const saidCounts = new Map(living.map(({ journal }) => [journal, journal.said.length]))
    await this.#untilAll(living, 'all to have an exact copy', (journal) =>
      journal.said.slice(saidCounts.get(journal)).some(({ word }) => word.type === 'copied'),
    )
  }

  async #leave(): Promise<void> {
    const living = this.#living
    for (const worker of living) worker.leave()
    const late = delay(leaveBoundMs, 'late', { ref: false })
    if ((await Promise.race([late, Promise.all(living.map(({ ended }) => ended))])) === 'late')
      throw new Error(`workers did not leave within ${leaveBoundMs} ms`)
    await using zk = new ZooKeeper(this.#ensemble.connectString)
    const { group, party, nodes, services, ttl, beats, partition } = paths
    const all = [group, party, nodes, ttl, beats, `${services}/web`, `${partition}/party`]
    for (const path of all) {
      const left = await zk.children(path).catch(() => [])
      if (left.length > 0) throw new Error(`all have left, and ${path} has ${left.join(', ')}`)
    }
  }

  /** Containers still go. */
  async #untilEqualTrees(): Promise<void> {
    let difference = ''
    const wait = { what: 'equal trees', timeoutMs: restBoundMs, explain: () => difference }
    await eventually(wait, async () => {
      try {
        await assertEqualTrees(this.#ensemble)
        return true
      } catch (error) {
        difference = (error as Error).message
        return undefined
      }
    })
  }

  async #untilAll(
    workers: readonly WorkerProcess[],
    what: string,
    isSo: (journal: Journal) => unknown,
  ): Promise<void> {
    const late = (): readonly WorkerProcess[] => {
      for (const { journal } of workers) journal.read()
      return workers.filter(({ journal }) => !isSo(journal))
    }
    const explain = (): string =>
      late()
        .map(({ name, journal: { said, last } }) =>
          [name, JSON.stringify(last('reported')), JSON.stringify(said.at(-1))].join(' '),
        )
        .join('\n')
    await eventually({ what, timeoutMs: restBoundMs, explain }, () => {
      const [ended] = this.#endedByThemselves
      if (ended !== undefined) throw new Error(ended)
      return late().length === 0 ? true : undefined
    })
  }

  #judge(killer: Killer, early: readonly string[]): Judgement {
    const { history, problems } = this.#gatherer.finish()
    const judged = judge({
      history,
      workers: this.#workers,
      storeFile: this.#storeFile,
      sessionTimeoutMs,
      wallClockAheadMs: Date.now() - nowUs() / 1_000,
      containerCheckMs,
    })
    const all = new Set([...this.#endedByThemselves, ...early, ...problems, ...killer.problems])
    return { ...judged, problems: [...all, ...judged.problems] }
  }

  #print(line: string): void {
    const seconds = ((performance.now() - this.#startedAtMs) / 1_000).toFixed(1)
    this.#options.print(`${seconds.padStart(7)} s  ${line}`)
  }
}

async function counted(zk: ZooKeeper): Promise<number> {
  await zk.sync('/')
  const text = await zk.get(paths.config)
  return (JSON.parse(text) as { count: number }).count
}

async function sharedCountOf(zk: ZooKeeper): Promise<number> {
  await using shared = sharedCount(zk, paths.sharedCount)
  await shared.ready()
  return shared.value
}
