/** How the members of simulated ensembles are configured. */
import type { MemberDriver } from '@quorate/replica'
import type { EnsembleServer } from './ensemble-server.ts'
import type { Member } from './simulated-member-driver.ts'

/** Ticks are short, so that elections and timeouts are many in little time. */
export const memberTiming: { readonly tickTimeMs: number; readonly initLimit: number } = {
  tickTimeMs: 200,
  initLimit: 10,
}

export function createEnsembleMember(
  _driver: MemberDriver,
  _server: EnsembleServer,
  _random: () => number,
): Member {
  throw new Error('there is no member to run yet')
}
