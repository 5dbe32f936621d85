/**
 * A process that uses all recipes at once, until it is killed or told to rest (SIGUSR2) and to leave (SIGTERM). One and the same
 * client goes on over lost sessions, or another one takes its place; the plan says which.
 */
import { appendFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { ZooKeeper } from '@quorate/client'
import { Prng } from '@quorate/simulator'
import { nowUs, type Word } from '../words.ts'
import { goRounds, passGate } from './barriers.ts'
import { type ItemState, putItems, takeItems } from './items.ts'
import { contend, lead, select } from './locks.ts'
import { configure, count, draw, followConfig } from './numbers.ts'
import { Presence } from './presence.ts'
import { attempt, isExpected, type Workplace } from './workplace.ts'

export interface WorkerPlan {
  readonly name: string
  readonly servers: string
  readonly sessionTimeoutMs: number
  readonly seed: string
  readonly renews: boolean
  readonly lossPolicy: 'lease' | 'session'
  readonly journalFile: string
  readonly storeFile: string
}

const reportEveryMs = 300
const closeMostMs = 10_000

class Worker {
  readonly #plan: WorkerPlan
  readonly #random: Prng
  readonly #items: ItemState = { nextItem: 1, ended: new Set() }
  #isResting = false
  #isLeaving = false
  #lifeCount = 0

  constructor(plan: WorkerPlan) {
    this.#plan = plan
    this.#random = new Prng(plan.seed)
    process.on('SIGUSR2', () => (this.#isResting = true))
    process.on('SIGTERM', () => (this.#isLeaving = true))
  }

  async run(): Promise<void> {
    while (!this.#isLeaving) await this.#live()
    this.#say({ type: 'closed' })
  }

  /** As long as one client lives. */
  async #live(): Promise<void> {
    const place = this.#open()
    const { zk } = place
    await this.#untilSession(place)
    const presence = new Presence(place)
    const following = followConfig(place, presence.config)
    const working = Promise.all([
      contend(place),
      contend(place),
      lead(place),
      select(place),
      goRounds(place),
      passGate(place),
      count(place),
      draw(place),
      configure(place, presence.config),
      putItems(place, this.#items),
      presence.copy(),
    ]).then(() => this.#isResting && this.#say({ type: 'putNoMore' }))
    await Promise.all([working, takeItems(place, this.#items)])
    if (this.#isResting && !place.isOver()) this.#say({ type: 'rested' })
    await this.#report(place, presence)
    await attempt(place, 'leave', async () => {
      await presence[Symbol.asyncDispose]()
      await zk.close({ deadlineMs: closeMostMs })
    })
    await following
  }

  /** What is opened before there has been a session ends when none comes in time. */
  async #untilSession({ zk }: Workplace): Promise<void> {
    while (zk.sessionId === undefined && !this.#isLeaving) {
      try {
        await zk.exists('/')
      } catch (error) {
        if (!isExpected(error)) throw error
      }
    }
  }

  #open(): Workplace {
    const { name, servers, sessionTimeoutMs: timeout, renews, lossPolicy, storeFile } = this.#plan
    this.#say({ type: 'began' })
    const zk = new ZooKeeper(servers, { timeout, onExpired: renews ? 'renew' : 'end' })
    zk.on('state', ({ state }) => {
      if (state === 'expired') this.#say({ type: 'expired' })
      else if (state === 'disconnected') this.#say({ type: 'cutOff' })
      else if (state === 'connected')
        this.#say({ type: 'connected', session: String(zk.sessionId) })
    })
    return {
      zk,
      name,
      random: this.#random.fork(`life ${++this.#lifeCount}`),
      lossPolicy,
      storeFile,
      isResting: () => this.#isResting,
      isOver: () => !renews && (zk.state === 'expired' || zk.state === 'closed'),
      say: (word) => this.#say(word),
      pause: (ms) => delay(ms),
    }
  }

  /** What it sees, again and again. */
  async #report(place: Workplace, presence: Presence): Promise<void> {
    while (!this.#isLeaving && !place.isOver()) {
      await attempt(place, 'report', async () => {
        await presence.sayCopy()
        this.#say({ type: 'reported', report: await presence.report() })
      })
      await place.pause(reportEveryMs)
    }
  }

  #say(word: Word): void {
    appendFileSync(this.#plan.journalFile, `${JSON.stringify({ atUs: nowUs(), word })}\n`)
  }
}

// Whoever started it is gone: it has nobody to work for.
const parent = process.ppid
setInterval(() => {
  if (process.ppid !== parent) process.exit(1)
}, 1_000).unref()

await new Worker(JSON.parse(process.argv[2]!) as WorkerPlan).run()
