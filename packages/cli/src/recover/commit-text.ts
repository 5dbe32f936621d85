/** What was done by a commit, and what is left to do by hand. */
import { join } from 'node:path'
import { formatZxid } from '@quorate/protocol'
import { dynamicFilePath } from '@quorate/server'
import { recordFolder } from './commit-record.ts'
import { fencingLines } from './fencing-text.ts'
import type { RecoveryPlan } from './recovery-plan.ts'
import type { Survivor } from './survivor.ts'

export function commitLines(plan: RecoveryPlan): readonly string[] {
  const { survivors, start, epoch, newMembership } = plan
  const configured = survivors.flatMap(({ configuration }) => configuration?.path ?? [])
  return [
    `Done: the survivors go on from 0x${formatZxid(start.history.lastZxid)}, the history of server ${start.serverId}, in epochs after ${epoch}, with the voters ${newMembership.quorums.voterIds.join(', ')}.`,
    'What was changed is kept as it was in:',
    ...survivors.map(({ dataDir }) => `  ${join(recordFolder(dataDir, epoch), 'before')}`),
    ...survivors.flatMap((survivor) => byHandLines(survivor, plan)),
    ...survivors.flatMap(copyLines),
    ...(configured.length === 0
      ? []
      : ['Start them, in any order:', ...configured.map((path) => `  quorate server ${path}`)]),
    '',
    ...fencingLines(plan),
  ]
}

/** Of a survivor whose configuration was not named. */
function byHandLines(
  { serverId, dataDir, configuration }: Survivor,
  { epoch, newMembership }: RecoveryPlan,
): readonly string[] {
  if (configuration !== undefined) return []
  const file = dynamicFilePath(join(recordFolder(dataDir, epoch), 'zoo.cfg'), newMembership.version)
  return [
    `Left to do for server ${serverId} before it starts, as its zoo.cfg was not named: put ${file} beside its zoo.cfg; in zoo.cfg remove the lines server.*, group.*, weight.*, peerType and dynamicConfigFile, and add dynamicConfigFile=<the absolute path of that file>${newMembership.quorums.voterIds.length === 1 ? ' and standaloneEnabled=false' : ''}.`,
  ]
}

/** Of a survivor whose configuration may be a copy from another machine. */
function copyLines({ serverId, name, configuration }: Survivor): readonly string[] {
  if (configuration === undefined || name.dataDir === undefined) return []
  return [
    `If ${configuration.path} is a copy from another machine, its dynamicConfigFile has to name the place of the new file on the machine of server ${serverId}.`,
  ]
}

export function commitToJson(plan: RecoveryPlan): Readonly<Record<string, unknown>> {
  const { survivors, start, epoch, newMembership } = plan
  return {
    committed: true,
    startFrom: start.serverId,
    lastZxid: `0x${formatZxid(start.history.lastZxid)}`,
    newEpoch: epoch,
    newMembership: {
      version: `0x${formatZxid(newMembership.version)}`,
      voters: newMembership.quorums.voterIds,
      text: newMembership.text,
    },
    backups: survivors.map(({ dataDir }) => join(recordFolder(dataDir, epoch), 'before')),
    configurationsByHand: survivors
      .filter(({ configuration }) => configuration === undefined)
      .map(({ serverId }) => serverId),
  }
}
