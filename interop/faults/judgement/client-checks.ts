/**
 * What the clients saw, judged by the simulation's checkers against the history in the servers' logs. The checkers are handed the
 * whole history before the first observation: whether a transaction was committed when it was shown is not asked, but whether it
 * ever was.
 */
import {
  AcknowledgedWrites,
  AppliedOnce,
  type Checker,
  CommittedTree,
  EphemeralOwners,
  isRead,
  Linearizability,
  Liveness,
  MultiAtomicity,
  NodeRemovals,
  type Observation,
  QuotaLimits,
  ReadOnlyService,
  ReadState,
  RealTimeOrder,
  RecoveredState,
  ReplyOrder,
  type TxnHistory,
  WatchOrder,
  ZxidOrder,
} from '@quorate/simulator'
import type { Observed } from '../load/load.ts'

/** Tells the checkers that there is an ensemble, and a history. */
export const beginning: Observation = {
  type: 'termStarted',
  server: 'the ensemble',
  role: 'leading',
  epoch: 0,
  lastZxid: 0,
}

export function checkClients(options: {
  readonly history: TxnHistory
  readonly observed: readonly Observed[]
  readonly livenessBoundMs: number
}): readonly string[] {
  const { history, observed, livenessBoundMs } = options
  const committed = new CommittedTree(history)
  const checkers: readonly Checker[] = [
    new AcknowledgedWrites(history),
    new ReplyOrder(),
    new ZxidOrder(),
    new RealTimeOrder(),
    new AppliedOnce(history),
    new WatchOrder(committed),
    new ReadState(committed),
    new ReadOnlyService(history),
    new EphemeralOwners(history),
    new MultiAtomicity(),
    new NodeRemovals(committed),
    new QuotaLimits(history),
    new RecoveredState(committed),
    new Linearizability(history),
    new Liveness(livenessBoundMs),
  ]
  const all = [{ atUs: 0, observation: beginning }, ...observed]
  return checkers.flatMap((checker) => {
    const problem = firstProblem(checker, all)
    return problem === undefined ? [] : [`${checker.name}: ${problem}`]
  })
}

/** What follows it may be its consequence. */
function firstProblem(checker: Checker, all: readonly Observed[]): string | undefined {
  for (const { atUs, observation } of all) {
    if (!isRead(checker, observation)) continue
    const problem = checker.observe(observation, atUs)
    if (problem !== undefined) return `${problem} (at ${(atUs / 1_000).toFixed(0)} ms)`
  }
  return undefined
}
