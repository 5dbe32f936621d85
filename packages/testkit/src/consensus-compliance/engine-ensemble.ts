/**
 * What the compliance suite asks of an engine's adapter: servers that run the engine, and a network and disks around them, all in
 * virtual time.
 *
 * 1. Nothing happens but in {@link EngineEnsemble.step} and in the calls that the suite makes.
 * 2. The same plan and the same calls give the same run: chance comes from the plan only.
 */
import type { ConsensusHost, Proposal } from '@quorate/consensus'
import type { Zxid } from '@quorate/protocol'

/** The suite's end of one server. The adapter calls it as the engine calls its host, and carries out `requestTurnEnd` itself. */
export interface EngineHost extends Omit<ConsensusHost, 'requestTurnEnd'> {
  /** The engine has handled the end of a turn: proposals delivered until now may be overwritten by who submitted them. */
  turnHasEnded(): void
}

export interface EnsemblePlan {
  readonly voters: readonly number[]
  readonly observers: readonly number[]
  /** In [0, 1): for delays of messages and disks. */
  readonly random: () => number
  readonly hostOf: (serverId: number) => EngineHost
}

export interface EngineEnsemble {
  readonly nowMs: number
  /** Starts a server that is not up, with what its disk has. */
  start(serverId: number): void
  /** Stops a server that is up at once; what it had not synced is lost. Its host hears no more. */
  crash(serverId: number): void
  /** Breaks all connections between the two, and lets no new one be made. */
  cut(a: number, b: number): void
  heal(a: number, b: number): void
  /** From here on the disk of the server completes nothing, until it is released. */
  holdDisk(serverId: number): void
  releaseDisk(serverId: number): void
  /** Runs the next event; false when there is none. */
  step(): boolean
  /** All that the server has applied, in order: recovered, taken over from a leader, or delivered. Its own copies. */
  history(serverId: number): readonly Proposal[]
  /** Whether a crash now would leave the transaction on the server's disk. */
  isDurable(serverId: number, zxid: Zxid): boolean
}

export interface EngineUnderTest {
  readonly name: string
  /** The largest ensemble that it can run: 1 for an engine without peers. Cases that need more do not apply. */
  readonly serverCountMax: number
  /** Virtual time within which an ensemble whose faults are over serves again, and a leader without a quorum gives up. */
  readonly patienceMs: number
  createEnsemble(plan: EnsemblePlan): EngineEnsemble
}
