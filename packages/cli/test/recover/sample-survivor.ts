/** Survivors without files. */
import { type Membership, parseMembership } from '@quorate/server'
import type { HistorySurvey } from '../../src/recover/history-survey.ts'
import type { Survivor, SurvivorConfiguration } from '../../src/recover/survivor.ts'
import { ZxidRanges } from '../../src/recover/zxid-ranges.ts'

export function membershipWith(voters: readonly number[], version = 0, observers: number[] = []) {
  const lines = [
    ...voters.map((id) => serverLine(id, 'participant')),
    ...observers.map((id) => serverLine(id, 'observer')),
  ]
  return parseMembership([...lines, `version=${version.toString(16)}`].join('\n'))
}

function serverLine(id: number, role: string): string {
  return `server.${id}=s${id}:2888:3888:${role}`
}

export function survivor(
  serverId: number,
  history: Partial<HistorySurvey>,
  committed?: Membership,
): Survivor {
  const { lastZxid = 0 } = history
  const held = new ZxidRanges()
  held.add(lastZxid, 0)
  return {
    name: {
      text: `s${serverId}`,
      configFile: 'zoo.cfg',
      dataDir: undefined,
      dataLogDir: undefined,
    },
    serverId,
    dataDir: `/data/${serverId}`,
    dataLogDir: `/data/${serverId}`,
    configuration: committed && configurationOf(serverId, committed),
    history: {
      currentEpoch: 1,
      acceptedEpoch: 1,
      snapshotZxid: 0,
      lastZxid,
      lastTimeMs: 0,
      held,
      membershipText: undefined,
      notices: [],
      problem: undefined,
      ...history,
    },
    unfinished: undefined,
  }
}

function configurationOf(serverId: number, committed: Membership): SurvivorConfiguration {
  const path = `/conf/${serverId}/zoo.cfg`
  return {
    path,
    files: {
      serverId,
      configFile: path,
      found: committed,
      areKept: true,
      isMultiAddressEnabled: false,
    },
    committed,
    lastSeen: committed,
    isReconfigEnabled: true,
  }
}
