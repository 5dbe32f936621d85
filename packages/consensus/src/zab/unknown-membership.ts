import { counterOf } from '@quorate/protocol'
import type { ZabPorts } from './zab-ports.ts'

/**
 * Forgets a proposed membership whose transaction is not in this server's history: it was never logged here, or was cut off since.
 * To be called before later transactions hide that. A version that is an epoch's zero is no transaction's.
 */
export function forgetUnknownMembership({
  memberships,
  history,
}: Pick<ZabPorts, 'memberships' | 'history'>): void {
  const { committed, lastSeen } = memberships
  if (counterOf(lastSeen.version) === 0 || lastSeen.version <= committed.version) return
  if (lastSeen.version > history.lastZxid) memberships.setLastSeen(committed)
}
