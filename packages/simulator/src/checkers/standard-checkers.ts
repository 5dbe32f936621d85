import { CommittedTree } from '../history/committed-tree.ts'
import { TxnHistory } from '../history/txn-history.ts'
import { AcknowledgedWrites } from './acknowledged-writes.ts'
import { AppliedOnce } from './applied-once.ts'
import { BarrierPassages } from './barrier-passages.ts'
import type { Checker } from './checker.ts'
import { ClientPromises } from './client-promises.ts'
import { CommitQuorum } from './commit-quorum.ts'
import { ConfigVersions } from './config-versions.ts'
import { EpochsOnDisk } from './epochs-on-disk.ts'
import { FencingTokens } from './fencing-tokens.ts'
import { EphemeralOwners } from './ephemeral-owners.ts'
import { KeptNodes } from './kept-nodes.ts'
import { LeaderEpochs } from './leader-epochs.ts'
import { Linearizability } from './linearizability.ts'
import { Liveness } from './liveness.ts'
import { Memberships } from './memberships.ts'
import { MemberViews } from './member-views.ts'
import { LocalSessions } from './local-sessions.ts'
import { LockExclusion } from './lock-exclusion.ts'
import { LockLeftovers } from './lock-leftovers.ts'
import { MultiAtomicity } from './multi-atomicity.ts'
import { NodeRemovals } from './node-removals.ts'
import { PartitionShares } from './partition-shares.ts'
import { QuotaLimits } from './quota-limits.ts'
import { ReadOnlyService } from './read-only-service.ts'
import { ReadState } from './read-state.ts'
import { RealTimeOrder } from './real-time-order.ts'
import { RecoveredState } from './recovered-state.ts'
import { ReplyOrder } from './reply-order.ts'
import { ServerFailures } from './server-failures.ts'
import { SessionLifetimes } from './session-lifetimes.ts'
import { SessionMoves } from './session-moves.ts'
import { SharedData } from './shared-data.ts'
import { counterPath } from '../client/data-client.ts'
import { doubleBarrierRoot } from '../client/jobs/barrier-job.ts'
import { configPath, firstSetting, settingText } from '../client/jobs/config-job.ts'
import { memberRoot } from '../client/jobs/member-job.ts'
import { partitionItems, partitionPath } from '../client/jobs/partition-job.ts'
import { SessionRefusals } from './session-refusals.ts'
import { TotalOrder } from './total-order.ts'
import { WatchOrder } from './watch-order.ts'
import { WriteOutcomes } from './write-outcomes.ts'
import { ZxidOrder } from './zxid-order.ts'

/**
 * The checkers of every run, new. Total order comes first: it finds out the history that the others ask for. Lost writes
 * are looked for before it, as they say more of what went wrong.
 */
export function standardCheckers(options: { readonly livenessBoundMs: number }): Checker[] {
  const history = new TxnHistory()
  const committed = new CommittedTree(history)
  return [
    new ServerFailures(),
    new LeaderEpochs(),
    new AcknowledgedWrites(history),
    new TotalOrder(history),
    new CommitQuorum(history),
    new EpochsOnDisk(history),
    new ReplyOrder(),
    new WriteOutcomes(history),
    new ClientPromises(),
    new ZxidOrder(),
    new RealTimeOrder(),
    new AppliedOnce(history),
    new WatchOrder(committed),
    new ReadState(committed),
    new ReadOnlyService(history),
    new EphemeralOwners(history),
    new SessionLifetimes(history),
    new LocalSessions(),
    new SessionRefusals(),
    new SessionMoves(history),
    new MultiAtomicity(),
    new NodeRemovals(committed),
    new QuotaLimits(history),
    new Memberships(history),
    new RecoveredState(committed),
    new FencingTokens(history),
    new LockExclusion(committed),
    new LockLeftovers(committed),
    new SharedData(committed, { counterPath }),
    new KeptNodes(committed),
    new MemberViews(committed, { root: memberRoot }),
    new PartitionShares(committed, { path: partitionPath, items: partitionItems }),
    new ConfigVersions(committed, { path: configPath, first: settingText(firstSetting) }),
    new BarrierPassages(committed, { root: doubleBarrierRoot }),
    new Linearizability(history),
    new Liveness(options.livenessBoundMs),
  ]
}
