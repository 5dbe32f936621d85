/**
 * Has a share of a set of items to itself, comes and goes, and is in no hurry to give a share back: until it does, nobody else may
 * have the items, though they are to be divided anew.
 */
import { setPartitioner, type SetPartitioner, type Share } from '@quorate/recipes'
import { nowUs, paths, sharedItems } from '../words.ts'
import { attempt, type Workplace } from './workplace.ts'

const settleMs = 300
const lookEveryMs = 100
/** Longer than members must have been the same: who gives back late is waited for. */
const lingerMostMs = 800
const leaveChance = 0.02
const retryMs = 200

export class Shares implements AsyncDisposable {
  readonly #place: Workplace
  readonly #working: Promise<void>
  #partitioner: SetPartitioner | undefined
  #items: readonly string[] = []
  #hasShare = false
  #isClosing = false
  #shareCount = 0

  constructor(place: Workplace) {
    this.#place = place
    this.#working = this.#work()
  }

  get items(): readonly string[] {
    return this.#items
  }

  /** A share is given back before it is left. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosing = true
    if (!this.#hasShare) await this.#partitioner?.close()
    await this.#working
  }

  async #work(): Promise<void> {
    while (!this.#isClosing && !this.#place.isOver()) {
      await this.#takePart()
      await this.#place.pause(this.#place.random.below(retryMs))
    }
  }

  async #takePart(): Promise<void> {
    const { zk, name } = this.#place
    const options = { items: sharedItems, identifier: name, settleMs }
    await using partitioner = setPartitioner(zk, paths.partition, options)
    this.#partitioner = partitioner
    // What goes wrong is said before it is left, which may take its time.
    await attempt(this.#place, 'share', () => this.#useAll(partitioner))
  }

  async #useAll(partitioner: SetPartitioner): Promise<void> {
    for await (const share of partitioner) {
      this.#hasShare = true
      try {
        await this.#use(share)
      } finally {
        this.#hasShare = false
      }
      if (this.#isClosing || (!this.#place.isResting() && this.#place.random.chance(0.3))) break
    }
  }

  /** Until it is to be given back, and then for a while. */
  async #use({ items, ended }: Share): Promise<void> {
    const { zk, name, random, say, pause, isResting } = this.#place
    const session = zk.sessionId
    if (session === undefined || ended.aborted) return
    const share = `${name}-${zk.confirmedAtMs}-${++this.#shareCount}`
    say({ type: 'shareTaken', share, session: String(session), items, zxid: zk.lastZxid })
    this.#items = items
    const isMine = (): boolean =>
      zk.sessionId === session && zk.world.clock.nowMs() < zk.confirmedAtMs + zk.timeout
    const isWanted = (): boolean =>
      !ended.aborted && !this.#isClosing && (isResting() || !random.chance(leaveChance))
    while (isWanted()) {
      this.#sayKept(share, isMine)
      await pause(1 + random.below(lookEveryMs))
    }
    this.#items = []
    await pause(random.below(this.#isClosing ? 1 : lingerMostMs))
    this.#sayKept(share, isMine)
    say({ type: 'shareEnded', share })
  }

  /** It was held at a moment when it is held later. */
  #sayKept(share: string, isMine: () => boolean): void {
    const asOfUs = nowUs()
    if (isMine()) this.#place.say({ type: 'shareKept', share, asOfUs })
  }
}
