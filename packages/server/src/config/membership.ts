/**
 * The membership that a configuration has: in zoo.cfg itself, or in the file that `dynamicConfigFile` names. What is wrong with it,
 * and whether it makes an ensemble or a single server, is decided as Apache's QuorumPeerConfig does.
 */
import type { Member, Membership } from '@quorate/consensus'
import { parseDynamicFile } from '../membership-store/dynamic-file.ts'
import { membershipOfLines } from '../membership-store/membership-lines.ts'
import { ConfigError, describeSource } from './config-problem.ts'
import type { Settings } from './settings.ts'

/** @returns the content of a file, or undefined when there is none */
export type ReadFile = (path: string) => string | undefined

export interface FoundMembership {
  readonly membership: Membership
  /** Whether the servers vote with each other; if not, there is one that runs standalone, or none is named. */
  readonly isEnsemble: boolean
  /** Where it stands, for messages. */
  readonly origin: string
}

/** @throws ConfigError */
export function findMembership(
  settings: Settings,
  { fileName, readFile }: { readonly fileName: string; readonly readFile: ReadFile },
): FoundMembership {
  const lines = ['server.*', 'group.*', 'weight.*'].flatMap((name) => settings.raw(name))
  const isMultiAddressEnabled = settings.switch('multiAddress.enabled')
  const dynamicFile = settings.optional('dynamicConfigFile') as string | undefined
  const [line] = lines
  if (dynamicFile !== undefined && line !== undefined) {
    throw new ConfigError(
      'CONFIG_CONTRADICTION',
      `${describeSource(line.source)}: found ${line.name} and dynamicConfigFile=${dynamicFile}; the servers stand in one place: move the line to that file, or remove dynamicConfigFile`,
    )
  }
  const origin = dynamicFile ?? fileName
  const membership =
    dynamicFile === undefined
      ? membershipOfLines(lines, { version: 0, isMultiAddressEnabled, origin })
      : parseDynamicFile({
          path: dynamicFile,
          text: contentOf(dynamicFile, readFile),
          isMultiAddressEnabled,
        })
  const isEnsemble = decideEnsemble(settings, membership, origin)
  return { membership, isEnsemble, origin }
}

/** The only server that a configuration names, when it runs standalone. */
export function standaloneMember({ isEnsemble, membership }: FoundMembership): Member | undefined {
  return isEnsemble ? undefined : [...membership.memberById.values()][0]
}

function contentOf(path: string, readFile: ReadFile): string {
  const text = readFile(path)
  if (text !== undefined) return text
  throw new ConfigError(
    'CONFIG_UNREADABLE',
    `the file ${path}, which dynamicConfigFile names, does not exist; put it back, or write the server lines in zoo.cfg and remove dynamicConfigFile`,
  )
}

function decideEnsemble(settings: Settings, membership: Membership, origin: string): boolean {
  const standaloneEnabled = settings.switch('standaloneEnabled')
  const voterCount = membership.quorums.voterIds.length
  const observerCount = membership.memberById.size - voterCount
  if (voterCount === 0 && !standaloneEnabled) {
    throw invalid(
      origin,
      'there is no participant and standaloneEnabled is false',
      'add a line server.N=host:peerPort:electionPort, or remove standaloneEnabled=false',
    )
  }
  if (standaloneEnabled && voterCount <= 1 && observerCount > 0) {
    throw invalid(
      origin,
      `there are ${observerCount} observers and ${voterCount} participants, whom nobody can observe`,
      'add participants, or set standaloneEnabled=false for an ensemble of one participant',
    )
  }
  if (standaloneEnabled && voterCount <= 1) return false
  noticeVoterCount(settings, voterCount)
  return true
}

function noticeVoterCount(settings: Settings, count: number): void {
  if (count > 2 && count % 2 === 1) return
  const problem =
    count <= 2
      ? 'the failure of one stops the service; three are the least that survive one'
      : 'it survives no more failures than one less would; an odd number is better'
  settings.notices.push({
    level: 'warn',
    code: 'CONFIG_VOTER_COUNT',
    message: `the ensemble has ${count} participant${count === 1 ? '' : 's'}: ${problem}`,
  })
}

function invalid(origin: string, found: string, advice: string): ConfigError {
  return new ConfigError('CONFIG_MEMBERSHIP_INVALID', `${origin}: ${found}; ${advice}`)
}
