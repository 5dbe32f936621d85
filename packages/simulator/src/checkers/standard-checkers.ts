import { AcknowledgedWrites } from './acknowledged-writes.ts'
import { AppliedOnce } from './applied-once.ts'
import type { Checker } from './checker.ts'
import { EphemeralOwners } from './ephemeral-owners.ts'
import { Linearizability } from './linearizability.ts'
import { Liveness } from './liveness.ts'
import { MultiAtomicity } from './multi-atomicity.ts'
import { RecoveredState } from './recovered-state.ts'
import { ReplyOrder } from './reply-order.ts'
import { ServerFailures } from './server-failures.ts'
import { SessionLifetimes } from './session-lifetimes.ts'
import { WatchOrder } from './watch-order.ts'
import { ZxidOrder } from './zxid-order.ts'

/** The checkers of every run, new. */
export function standardCheckers(options: { readonly livenessBoundMs: number }): Checker[] {
  return [
    new ServerFailures(),
    new ReplyOrder(),
    new ZxidOrder(),
    new AcknowledgedWrites(),
    new AppliedOnce(),
    new WatchOrder(),
    new EphemeralOwners(),
    new SessionLifetimes(),
    new MultiAtomicity(),
    new RecoveredState(),
    new Linearizability(),
    new Liveness(options.livenessBoundMs),
  ]
}
