/** StandaloneEngine for the compliance suite: one server with its disk, in virtual time. */
import { type LeaderHost, type Proposal, StandaloneEngine } from '@quorate/consensus'
import type { EngineEnsemble, EngineHost, EngineUnderTest, EnsemblePlan } from '@quorate/testkit'

/** Where a wrong engine differs from the right one. */
export interface StandaloneFaults {
  readonly name: string
  readonly host?: (host: EngineHost) => EngineHost
  /** It keeps what it was given, where it should copy. */
  readonly isKeepingMemory?: boolean
}

export function standaloneEngine(
  faults: StandaloneFaults = { name: 'StandaloneEngine' },
): EngineUnderTest {
  return {
    name: faults.name,
    serverCountMax: 1,
    patienceMs: 2_000,
    createEnsemble: (plan) => new StandaloneServer(plan, faults),
  }
}

interface Event {
  readonly dueMs: number
  readonly run: () => void
}

class StandaloneServer implements EngineEnsemble {
  nowMs = 0
  readonly #random: () => number
  readonly #host: EngineHost
  readonly #isKeepingMemory: boolean
  #events: Event[] = []
  #engine: StandaloneEngine | undefined
  #leading: LeaderHost | undefined
  /** Appended, durable or not; the first `#durableCount` are durable, the first `#appliedCount` applied. */
  #log: Proposal[] = []
  #durableCount = 0
  #appliedCount = 0
  #isHeld = false
  #held: (() => void)[] = []
  #life = 0

  constructor({ voters, random, hostOf }: EnsemblePlan, faults: StandaloneFaults) {
    const [serverId] = voters
    const host = hostOf(serverId)
    this.#random = random
    this.#host = faults.host?.(host) ?? host
    this.#isKeepingMemory = faults.isKeepingMemory ?? false
  }

  start(): void {
    this.#appliedCount = this.#log.length
    const engine = new StandaloneEngine(this.#log.at(-1)?.zxid ?? 0, {
      append: ({ zxid, bytes }) => {
        this.#log.push({ zxid, bytes: this.#isKeepingMemory ? bytes : bytes.slice() })
      },
      sync: (upTo) => this.#sync(upTo),
      deliver: (proposal) => {
        this.#appliedCount++
        this.#leading!.deliver(proposal)
      },
    })
    this.#engine = engine
    this.#leading = this.#host.leadingStarted(engine)
    this.#endTurns()
  }

  crash(): void {
    this.#life++
    this.#engine = undefined
    this.#events = []
    this.#held = []
    this.#log.length = this.#durableCount
  }

  cut(): void {}

  heal(): void {}

  holdDisk(): void {
    this.#isHeld = true
  }

  releaseDisk(): void {
    this.#isHeld = false
    const held = this.#held
    this.#held = []
    for (const run of held) run()
  }

  step(): boolean {
    const [next] = this.#events.toSorted((a, b) => a.dueMs - b.dueMs)
    if (next === undefined) return false
    this.#events.splice(this.#events.indexOf(next), 1)
    this.nowMs = Math.max(this.nowMs, next.dueMs)
    next.run()
    return true
  }

  history(): readonly Proposal[] {
    return this.#log.slice(0, this.#appliedCount)
  }

  isDurable(_serverId: number, zxid: number): boolean {
    return this.#log.slice(0, this.#durableCount).some((it) => it.zxid === zxid)
  }

  /** A turn a millisecond: what is submitted between two of them shares a sync. */
  #endTurns(): void {
    const engine = this.#engine
    this.#after(1, () => {
      engine?.turnEnded()
      this.#host.turnHasEnded()
      this.#endTurns()
    })
  }

  #sync(upTo: number): void {
    const count = this.#log.length
    this.#after(this.#random() * 10, () => {
      const complete = (): void => {
        this.#durableCount = count
        this.#engine?.synced(upTo)
      }
      if (this.#isHeld) this.#held.push(complete)
      else complete()
    })
  }

  #after(delayMs: number, run: () => void): void {
    const life = this.#life
    const dueMs = this.nowMs + delayMs
    this.#events.push({ dueMs, run: () => (life === this.#life ? run() : undefined) })
  }
}
