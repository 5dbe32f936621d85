/**
 * The last seen membership follows the history that was loaded: it is the one of the last reconfiguration in it, committed or not.
 */
import { counterOf } from '@quorate/protocol'
import { membershipInNode } from '../quorum/parse-membership.ts'
import type { ZabPorts } from './zab-ports.ts'

/**
 * To be called when a history was loaded, before later transactions hide what is missing.
 *
 * 1. A membership whose transaction is not in the history is forgotten: it was never logged here, or was cut off since. (A version
 *    that is an epoch's zero is no transaction's.)
 * 2. One that came with a snapshot is seen, though nobody proposed it here: its quorums may have decided alone what came after it.
 */
export function followHistory({
  memberships,
  history,
}: Pick<ZabPorts, 'memberships' | 'history'>): void {
  const { committed, lastSeen } = memberships
  const isOfTransaction = counterOf(lastSeen.version) !== 0
  if (
    isOfTransaction &&
    lastSeen.version > committed.version &&
    lastSeen.version > history.lastZxid
  )
    memberships.setLastSeen(committed)
  const membership = membershipInNode(history.membershipText)
  const known = Math.max(committed.version, memberships.lastSeen.version)
  if (membership !== undefined && membership.version > known) memberships.setLastSeen(membership)
}
