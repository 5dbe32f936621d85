/**
 * Kills and stops: one hand is at the servers, and the other one, at the same time, at the workers. Each has its deck of cards, so
 * that every kind has its turn before any has its second.
 *
 * 1. No worker is killed or stopped by both hands; servers and workers may be hit at the same time.
 * 2. In the end all servers run, and no worker stands still.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { Prng } from '@quorate/simulator'
import type { Ensemble } from '../harness/ensemble.ts'
import type { EnsembleMember } from '../harness/ensemble-member.ts'
import { nowUs, soleLocks } from './words.ts'
import type { WorkerProcess } from './worker-process.ts'

export interface Scene {
  readonly ensemble: Ensemble
  readonly random: Prng
  readonly sessionTimeoutMs: number
  /** Those that run. */
  readonly workers: () => readonly WorkerProcess[]
  /** Starts a worker in the place of one that was killed. */
  readonly hire: () => Promise<void>
  readonly print: (line: string) => void
}

interface Kind {
  readonly name: string
  readonly begin: () => Promise<void>
}

const downMostMs = 1_200
const standMostMs = 3_500
const workMostMs = 1_500
/** A holder may have given back what it held by the time that it stands still. */
const catchMostMs = 4_000
const lookEveryMs = 15
const lookSlowlyEveryMs = 100
/** Times the session's timeout, that somebody else may need to get the lock and use it. */
const followedMost = 4

export class Killer {
  readonly counts: Map<string, number> = new Map()
  readonly problems: string[] = []
  readonly #scene: Scene
  readonly #random: Prng

  constructor(scene: Scene) {
    this.#scene = scene
    this.#random = scene.random
  }

  async run(isOver: () => boolean): Promise<void> {
    const servers: readonly Kind[] = [
      { name: 'server.leader-killed', begin: () => this.#killLeader() },
      { name: 'server.follower-killed', begin: () => this.#killFollower() },
      { name: 'server.leader-killed', begin: () => this.#killLeader() },
      { name: 'server.two-killed', begin: () => this.#killTwo() },
      { name: 'server.leader-paused', begin: () => this.#pauseLeader() },
    ]
    const workers: readonly Kind[] = [
      { name: 'worker.holder-paused', begin: () => this.#pauseHolder() },
      { name: 'worker.killed', begin: () => this.#killWorker(false) },
      { name: 'worker.holder-paused', begin: () => this.#pauseHolder() },
      { name: 'worker.holder-killed', begin: () => this.#killWorker(true) },
      { name: 'worker.paused-briefly', begin: () => this.#pauseBriefly() },
    ]
    await Promise.all([this.#deal(servers, isOver), this.#deal(workers, isOver)])
  }

  async #deal(kinds: readonly Kind[], isOver: () => boolean): Promise<void> {
    let deck: Kind[] = []
    while (!isOver()) {
      await delay(200 + this.#random.below(workMostMs))
      if (deck.length === 0) deck = this.#random.shuffled(kinds)
      const { name, begin } = deck.pop()!
      await begin()
      this.counts.set(name, (this.counts.get(name) ?? 0) + 1)
    }
  }

  async #killLeader(): Promise<void> {
    await this.#killServers([await this.#scene.ensemble.awaitLeader()])
  }

  async #killFollower(): Promise<void> {
    await this.#killServers([await this.#follower()])
  }

  /** Nobody can write, nor can any session expire. */
  async #killTwo(): Promise<void> {
    const leader = await this.#scene.ensemble.awaitLeader()
    await this.#killServers([leader, await this.#follower()])
  }

  async #follower(): Promise<EnsembleMember> {
    const { ensemble } = this.#scene
    const leader = await ensemble.awaitLeader()
    return this.#random.pick(ensemble.members.filter((member) => member !== leader))
  }

  async #killServers(victims: readonly EnsembleMember[]): Promise<void> {
    this.#scene.print(`kill -9 ${victims.map(({ name }) => name).join(' and ')}`)
    this.#lookForDead()
    await Promise.all(victims.map((victim) => victim.kill()))
    for (const victim of victims) {
      await delay(this.#random.below(downMostMs))
      await victim.start()
    }
    await this.#scene.ensemble.awaitServing()
  }

  async #pauseLeader(): Promise<void> {
    const leader = await this.#scene.ensemble.awaitLeader()
    this.#scene.print(`SIGSTOP ${leader.name}`)
    leader.suspend()
    await delay(this.#random.below(standMostMs))
    leader.resume()
    await this.#scene.ensemble.awaitServing()
  }

  async #killWorker(holds: boolean): Promise<void> {
    const { hire, print } = this.#scene
    const worker = holds ? await this.#caughtHolder() : this.#random.pick(this.#scene.workers())
    print(`kill -9 ${worker.name}${heldBy(worker)}`)
    await worker.kill()
    await delay(this.#random.below(downMostMs))
    await hire()
  }

  /** Longer than its session lives, and until somebody else has held what it held. */
  async #pauseHolder(): Promise<void> {
    const { print, sessionTimeoutMs } = this.#scene
    const worker = await this.#caughtHolder()
    const stoppedAtUs = nowUs()
    print(`SIGSTOP ${worker.name}${heldBy(worker)}`)
    await delay(sessionTimeoutMs * 1.3)
    const [held] = soleLocksOf(worker)
    const overAtMs = performance.now() + sessionTimeoutMs * followedMost
    const isFollowed = (): boolean => held === undefined || this.#wasHeldSince(held, stoppedAtUs)
    while (!isFollowed() && performance.now() < overAtMs) await delay(lookSlowlyEveryMs)
    worker.resume()
  }

  #wasHeldSince(lock: string, sinceUs: number): boolean {
    return this.#scene.workers().some(({ journal }) => {
      journal.read()
      return (journal.givenBackAtUs(lock) ?? 0) > sinceUs
    })
  }

  /** Shorter than its session lives. */
  async #pauseBriefly(): Promise<void> {
    const worker = this.#random.pick(this.#scene.workers())
    this.#scene.print(`SIGSTOP ${worker.name} for a moment`)
    worker.suspend()
    await delay(this.#random.below(this.#scene.sessionTimeoutMs * 0.6))
    worker.resume()
  }

  /** Stopped while it held something, if that could be done in time. */
  async #caughtHolder(): Promise<WorkerProcess> {
    const overAtMs = performance.now() + catchMostMs
    for (;;) {
      const worker = this.#random.pick(this.#scene.workers())
      worker.journal.read()
      const isLate = performance.now() > overAtMs
      if (soleLocksOf(worker).length > 0 || isLate) {
        worker.suspend()
        worker.journal.read()
        if (soleLocksOf(worker).length > 0 || isLate) return worker
        worker.resume()
      }
      await delay(lookEveryMs)
    }
  }

  #lookForDead(): void {
    const { members } = this.#scene.ensemble
    for (const { name, isRunning } of members)
      if (!isRunning) this.problems.push(`${name} ended by itself`)
  }
}

function soleLocksOf({ journal }: WorkerProcess): readonly string[] {
  const sole: readonly string[] = soleLocks
  return journal.held.flatMap(({ lock }) => (sole.includes(lock) ? [lock] : []))
}

function heldBy({ journal }: WorkerProcess): string {
  const locks = journal.held.map(({ lock }) => lock)
  return locks.length === 0 ? '' : `, which holds ${locks.join(' and ')}`
}
