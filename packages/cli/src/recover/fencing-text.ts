/**
 * What keeps the lost servers from going on with the old history when they come back, and what does not.
 *
 * A server that comes back asks every server of its old membership for a leader. A survivor answers with the new membership, whose
 * version is later; with `reconfigEnabled` the server adopts it, has no vote in it, and is brought to the new history. Nothing stops
 * servers that never hear of a survivor, or do not adopt memberships, when they are a quorum of the old one.
 */
import { isReconfigEnabled } from './plan-report.ts'
import type { RecoveryPlan } from './recovery-plan.ts'

export function fencingLines(plan: RecoveryPlan): readonly string[] {
  const voters = plan.lost.filter(({ isVoter }) => isVoter).map(({ id }) => id)
  if (voters.length === 0) return []
  const names = voters.join(', ')
  return [
    'If lost servers come back with their old disks:',
    ...adoptionLines(isReconfigEnabled(plan)),
    `  WARNING: nobody can stop a quorum of the old voters that does not hear of the survivors. If enough of the servers ${names} start while they are cut off from the survivors, or without reconfigEnabled=true, they go on as the OLD ENSEMBLE with the OLD HISTORY, beside the new one. Make sure that they cannot start by themselves, and on each of them, before it starts again:`,
    '    mv <dataDir>/version-2 <dataDir>/version-2.lost     # and <dataLogDir>/version-2, if there is another',
    '    # in its zoo.cfg: the new servers instead of the old ones (the lines above without "version="), and its own line',
    '  Then start it, and give it a vote again with: reconfig -add server.N=… (or a server line in the zoo.cfg of all)',
  ]
}

function adoptionLines(isEnabled: boolean | undefined): readonly string[] {
  if (isEnabled === true)
    return [
      '  one that reaches a survivor is told of the new membership and adopts it (reconfigEnabled=true): it has no vote, cannot lead, and is cut back or gets a snapshot.',
    ]
  const reason =
    isEnabled === false
      ? 'reconfigEnabled is not true, so they do NOT adopt the new membership'
      : 'whether they adopt the new membership depends on reconfigEnabled=true in their zoo.cfg'
  return [
    `  ${reason}. Fewer than a quorum of the old voters cannot elect anybody; a quorum of them can.`,
  ]
}
