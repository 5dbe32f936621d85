/** A plan for programs: zxids as hex text, one object. */
import { formatZxid, type Zxid } from '@quorate/protocol'
import type { Membership } from '@quorate/server'
import type { LoneTransactions } from './lone-transactions.ts'
import { isReconfigEnabled, type PlanReport } from './plan-report.ts'
import { epochGap } from './recovery-plan.ts'
import type { Survivor } from './survivor.ts'

export function planToJson(plan: PlanReport): Readonly<Record<string, unknown>> {
  return {
    needsRecovery: !plan.hasQuorum,
    membership: membershipToJson(plan.membership),
    ...(plan.proposed && { proposedMembership: membershipToJson(plan.proposed) }),
    survivors: plan.survivors.map(survivorToJson),
    lost: plan.lost.map(({ id, isVoter }) => ({ serverId: id, votes: isVoter })),
    lastCommonZxid: plan.commonZxid === undefined ? null : hex(plan.commonZxid),
    notOnAllSurvivors: plan.lone.map(loneToJson),
    ...(!plan.hasQuorum && {
      startFrom: plan.start.serverId,
      lastZxid: hex(plan.start.history.lastZxid),
      lastTimeMs: plan.start.history.lastTimeMs ?? null,
      newEpoch: plan.epoch,
      epochGap,
      newMembership: membershipToJson(plan.newMembership),
      lostServersAreTold: isReconfigEnabled(plan) ?? null,
      finishesEarlierCommit: plan.isRepeated,
    }),
  }
}

function survivorToJson(survivor: Survivor): Readonly<Record<string, unknown>> {
  const { history, configuration } = survivor
  return {
    serverId: survivor.serverId,
    configFile: configuration?.path ?? null,
    dataDir: survivor.dataDir,
    dataLogDir: survivor.dataLogDir,
    acceptedEpoch: history.acceptedEpoch,
    currentEpoch: history.currentEpoch,
    lastZxid: hex(history.lastZxid),
    lastTimeMs: history.lastTimeMs ?? null,
    snapshotZxid: history.snapshotZxid === undefined ? null : hex(history.snapshotZxid),
    membershipVersion: configuration === undefined ? null : hex(configuration.committed.version),
    reconfigEnabled: configuration?.isReconfigEnabled ?? null,
    notices: history.notices,
    problem: history.problem ?? null,
  }
}

function membershipToJson({ version, text, quorums }: Membership) {
  return { version: hex(version), voters: quorums.voterIds, text }
}

function loneToJson({ firstZxid, lastZxid, listed, ...rest }: LoneTransactions) {
  return {
    ...rest,
    firstZxid: hex(firstZxid),
    lastZxid: hex(lastZxid),
    listed: listed.map(({ zxid, ...one }) => ({ zxid: hex(zxid), ...one })),
  }
}

function hex(zxid: Zxid): string {
  return `0x${formatZxid(zxid)}`
}
