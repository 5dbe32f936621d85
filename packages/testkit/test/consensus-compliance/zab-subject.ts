/** ZabEngine for the compliance suite: the consensus room's ensembles in virtual time, with the suite as their replica. */
import type {
  ConsensusHost,
  LeaderTerm,
  LearnerTerm,
  Membership,
  Proposal,
  ZabOptions,
} from '@quorate/consensus'
import type { EngineEnsemble, EngineHost, EngineUnderTest, EnsemblePlan } from '@quorate/testkit'
import { membershipOf } from '../../../consensus/test/election/election-membership.ts'
import { type Completion, MemoryHistory } from '../../../consensus/test/zab/memory-history.ts'
import { ZabServer, ZabWorld } from '../../../consensus/test/zab/zab-world.ts'

/** Where a wrong engine differs from the right one. */
export interface ZabFaults {
  readonly name: string
  readonly host?: (host: EngineHost) => EngineHost
  readonly history?: (complete: Completion) => MemoryHistory
  readonly membership?: (membership: Membership) => Membership
  readonly options?: Partial<ZabOptions>
}

const options: Partial<ZabOptions> = {
  tickTimeMs: 600,
  // A window of few transactions, so that learners are synchronised in every way.
  commitLogCount: 20,
  // Who has looked for a leader in vain for long asks again as seldom as that.
  maxNotificationIntervalMs: 5_000,
}

export function zabEngine(faults: ZabFaults = { name: 'ZabEngine' }): EngineUnderTest {
  return {
    name: faults.name,
    serverCountMax: Number.POSITIVE_INFINITY,
    patienceMs: 30_000,
    createEnsemble: (plan) => new ZabEnsemble(plan, faults),
  }
}

class ZabEnsemble implements EngineEnsemble {
  readonly #world: ZabWorld
  readonly #serverById = new Map<number, HeldServer>()

  constructor({ voters, observers, random, hostOf }: EnsemblePlan, faults: ZabFaults) {
    const delay = (): number => (random() < 0.05 ? random() * 100 : random() * 5)
    this.#world = new ZabWorld({ delayMs: delay, diskDelayMs: delay })
    const membership = membershipOf({ voters, observers })
    for (const id of [...voters, ...observers]) {
      const server = new HeldServer({
        world: this.#world,
        id,
        membership: faults.membership?.(membership) ?? membership,
        host: faults.host?.(hostOf(id)) ?? hostOf(id),
        faults,
      })
      this.#world.servers.set(id, server)
      this.#serverById.set(id, server)
    }
  }

  get nowMs(): number {
    return this.#world.nowMs
  }

  start(serverId: number): void {
    this.#server(serverId).start()
  }

  crash(serverId: number): void {
    this.#server(serverId).crash()
  }

  cut(a: number, b: number): void {
    this.#world.cut(a, b)
  }

  heal(a: number, b: number): void {
    this.#world.heal(a, b)
  }

  holdDisk(serverId: number): void {
    this.#server(serverId).hold()
  }

  releaseDisk(serverId: number): void {
    this.#server(serverId).release()
  }

  step(): boolean {
    return this.#world.step()
  }

  history(serverId: number): readonly Proposal[] {
    return this.#server(serverId).history.applied
  }

  isDurable(serverId: number, zxid: number): boolean {
    const { history } = this.#server(serverId)
    if (zxid > history.durableZxid) return false
    return zxid <= history.snapshotZxid || history.log.some((it) => it.zxid === zxid)
  }

  #server(serverId: number): HeldServer {
    return this.#serverById.get(serverId)!
  }
}

interface HeldServerParts {
  readonly world: ZabWorld
  readonly id: number
  readonly membership: Membership
  readonly host: EngineHost
  readonly faults: ZabFaults
}

/** A server whose replica is the suite, and whose disk can be held. */
class HeldServer extends ZabServer {
  override readonly history: MemoryHistory
  readonly #world: ZabWorld
  readonly #host: EngineHost
  #isHeld = false
  #held: (() => void)[] = []
  #isTurnDue = false

  constructor({ world, id, membership, host, faults }: HeldServerParts) {
    super(world, id, membership, { ...options, ...faults.options })
    this.#world = world
    this.#host = host
    const complete: Completion = (_what, run) => this.#complete(run)
    this.history = faults.history?.(complete) ?? new MemoryHistory(complete)
    this.history.recentCountMax = 20
  }

  override crash(): void {
    this.#held = []
    this.#isTurnDue = false
    super.crash()
    // As its connections broke, the engine that is gone has made appointments.
    this.life++
  }

  hold(): void {
    this.#isHeld = true
  }

  release(): void {
    this.#isHeld = false
    const held = this.#held
    this.#held = []
    for (const run of held) run()
  }

  override leadingStarted(term: LeaderTerm): ReturnType<ConsensusHost['leadingStarted']> {
    this.term = term
    return this.#untilCrash(this.#host.leadingStarted(term))
  }

  override learningStarted(term: LearnerTerm): ReturnType<ConsensusHost['learningStarted']> {
    this.term = term
    return this.#untilCrash(this.#host.learningStarted(term))
  }

  override termEnded(): void {
    if (!this.isUp) return
    this.term = undefined
    this.#host.termEnded('it is over')
  }

  override requestTurnEnd(): void {
    if (this.#isTurnDue) return
    this.#isTurnDue = true
    const { life } = this
    this.#world.after(0, () => {
      if (life !== this.life) return
      this.#isTurnDue = false
      this.engine?.turnEnded()
      this.#host.turnHasEnded()
    })
  }

  /** An engine hears of broken connections as its server crashes; its host does not. */
  #untilCrash<Host extends { deliver(proposal: Proposal): void }>(host: Host): Host {
    const { life } = this
    const taking = { ...host, deliver: (proposal: Proposal) => this.#take(proposal, host) }
    const calls = Object.entries(taking).map(([name, call]) => {
      const guarded = (...parameters: unknown[]): void => {
        if (this.life === life) (call as (...all: unknown[]) => void)(...parameters)
      }
      return [name, guarded]
    })
    return Object.fromEntries(calls) as Host
  }

  #take({ zxid, bytes }: Proposal, host: { deliver(proposal: Proposal): void }): void {
    const copy = { zxid, bytes: bytes.slice() }
    this.history.apply(copy)
    host.deliver(copy)
  }

  #complete(run: () => void): void {
    const { life } = this
    this.#world.after(this.#world.diskDelayMs(), () => {
      if (life !== this.life) return
      if (this.#isHeld) this.#held.push(run)
      else run()
    })
  }
}
