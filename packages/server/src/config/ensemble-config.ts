/** What a server needs to know to be a member of an ensemble. */
import { join, resolve } from 'node:path'
import { type Member, zabDefaults, type ZabOptions } from '@quorate/consensus'
import type { MembershipFiles } from '../membership-store/membership-files.ts'
import { ConfigError, describeSource } from './config-problem.ts'
import type { FoundMembership, ReadFile } from './membership.ts'
import { parseMyId } from './my-id.ts'
import type { Settings } from './settings.ts'

export interface EnsembleConfig {
  /** From the file `myid` in the data directory. */
  readonly serverId: number
  readonly zab: Omit<ZabOptions, 'serverId' | 'tickTimeMs' | 'isDiskless'>
  /** Whether the peer ports are bound to all addresses and not just to those of the server's line. */
  readonly listensOnAllIps: boolean
  /** Attempts to bind the election port; 0: for ever. */
  readonly electionPortBindRetry: number
  /** Where voters serve observers, at the hosts of their quorum addresses; 0: nowhere. */
  readonly observerMasterPort: number
  /** Connecting to a peer for an election may take so long. */
  readonly connectTimeoutMs: number
  /** Whether clients may read while there is no leader. */
  readonly isReadOnlyModeEnabled: boolean
  readonly localSessionsEnabled: boolean
  readonly localSessionsUpgradingEnabled: boolean
  /** Whether a leader has clients of its own. */
  readonly leaderServes: boolean
  /** Whether servers may have several addresses. */
  readonly isMultiAddressEnabled: boolean
  readonly membershipFiles: MembershipFiles
}

export interface EnsembleSources {
  readonly found: FoundMembership
  readonly dataDir: string
  /** The path of zoo.cfg, if there is one. */
  readonly configFile: string | undefined
  /** The file's name for messages. */
  readonly fileName: string
  readonly readFile: ReadFile
}

const { tickTimeMs: _, isDiskless: __, ...protocolDefaults } = zabDefaults

/** Fewer would not be enough for Apache ZooKeeper either, which raises them too. */
const commitLogCountMin = 500

/** What the keys say, before it is known who this server is. */
export type EnsembleOptions = Omit<EnsembleConfig, 'serverId' | 'membershipFiles'>

export function ensembleOptionsOf(settings: Settings): EnsembleOptions {
  return {
    zab: zabOf(settings),
    listensOnAllIps: settings.switch('quorumListenOnAllIPs'),
    electionPortBindRetry: settings.integer('electionPortBindRetry'),
    observerMasterPort: settings.integer('observerMasterPort'),
    connectTimeoutMs: settings.integer('cnxTimeout'),
    isReadOnlyModeEnabled: settings.switch('readonlymode.enabled'),
    localSessionsEnabled: settings.switch('localSessionsEnabled'),
    localSessionsUpgradingEnabled: settings.switch('localSessionsUpgradingEnabled'),
    leaderServes: settings.switch('leaderServes'),
    isMultiAddressEnabled: settings.switch('multiAddress.enabled'),
  }
}

function zabOf(settings: Settings): EnsembleConfig['zab'] {
  // Only one algorithm is left; asking for another one is a mistake that shows here.
  settings.text('electionAlg')
  return {
    ...protocolDefaults,
    initLimit: (settings.optional('initLimit') as number | undefined) ?? 0,
    syncLimit: (settings.optional('syncLimit') as number | undefined) ?? 0,
    silentLeaderLimit: settings.integer('quorate.silentLeaderLimit'),
    leaderDiskLagMs: settings.integer('quorate.leaderDiskLag'),
    commitLogCount: commitLogCountOf(settings),
    snapshotSizeFactor: settings.decimal('snapshotSizeFactor'),
    forceSnapshotSync: settings.switch('forceSnapshotSync'),
    reconfigEnabled: settings.switch('reconfigEnabled'),
    standaloneEnabled: settings.switch('standaloneEnabled'),
    minNotificationIntervalMs: settings.integer('fastleader.minNotificationInterval'),
    maxNotificationIntervalMs: settings.integer('fastleader.maxNotificationInterval'),
    maxTimeToWaitForEpochMs: settings.integer('leader.maxTimeToWaitForEpoch'),
    hasObserverMasters: settings.integer('observerMasterPort') !== 0,
    observerReconnectDelayMs: settings.integer('observer.reconnectDelayMs'),
    observerElectionDelayMs: settings.integer('observer.election.DelayMs'),
  }
}

/** @throws ConfigError */
export function ensembleOf(
  settings: Settings,
  options: EnsembleOptions,
  { found, configFile, fileName, dataDir, readFile }: EnsembleSources,
): EnsembleConfig {
  for (const [name, example] of limits) {
    if (options.zab[name] === 0) throw missingLimit(name, fileName, example)
  }
  const myIdPath = join(dataDir, 'myid')
  const serverId = parseMyId(myIdPath, readFile(myIdPath))
  const member = found.membership.memberById.get(serverId)
  if (member === undefined) throw notAMember(serverId, myIdPath, found)
  noticeServer(settings, member)
  const { reconfigEnabled } = options.zab
  if (reconfigEnabled) checkCanBeRewritten(settings, configFile)
  return {
    ...options,
    serverId,
    membershipFiles: {
      serverId,
      configFile: configFile === undefined ? undefined : resolve(configFile),
      found: found.membership,
      areKept: reconfigEnabled,
      isMultiAddressEnabled: options.isMultiAddressEnabled,
    },
  }
}

/** The keys that an ensemble can't do without, and what is usual. */
const limits = [
  ['initLimit', 10],
  ['syncLimit', 5],
] as const

function missingLimit(name: string, fileName: string, example: number): ConfigError {
  return new ConfigError(
    'CONFIG_KEY_MISSING',
    `${fileName}: ${name} is not set, which a member of an ensemble needs; add a line such as ${name}=${example}`,
  )
}

function commitLogCountOf(settings: Settings): number {
  const count = settings.integer('commitLogCount')
  if (count >= commitLogCountMin) return count
  const message = `commitLogCount=${count} counts as ${commitLogCountMin}: fewer would send snapshots to servers that were gone for a moment`
  settings.notices.push({ level: 'warn', code: 'CONFIG_VALUE_RAISED', message })
  return commitLogCountMin
}

function notAMember(serverId: number, myIdPath: string, { membership, origin }: FoundMembership) {
  const ids = [...membership.memberById.keys()].join(', ')
  return new ConfigError(
    'MYID_NOT_A_MEMBER',
    `${myIdPath} says that this is server ${serverId}, which is not in the list of servers in ${origin}: they are ${ids}; correct myid, or add a line server.${serverId}=…`,
  )
}

function noticeServer(settings: Settings, { id, isVoter }: Member): void {
  // Session ids have one byte for it, in Apache ZooKeeper too.
  if (id > 255) {
    const message = `this server's id is ${id}; ids above 255 share the numbers of their sessions with others, so use one from 0 to 255`
    settings.notices.push({ level: 'warn', code: 'CONFIG_SERVER_ID_LARGE', message })
  }
  const type = isVoter ? 'participant' : 'observer'
  const setting = settings.raw('peerType').at(-1)
  // An observer's zoo.cfg need not say so twice.
  if (setting === undefined || settings.optional('peerType') === type) return
  const message = `${describeSource(setting.source)}: found peerType=${setting.value}, but the line server.${id} says ${type}; the line counts`
  settings.notices.push({ level: 'warn', code: 'CONFIG_PEER_TYPE_OVERRIDDEN', message })
}

/** After a reconfiguration zoo.cfg names another file with other servers, which a command line would contradict. */
function checkCanBeRewritten(settings: Settings, configFile: string | undefined): void {
  const isFromFile = ['server.*', 'group.*', 'weight.*', 'dynamicConfigFile'].every((name) =>
    settings.raw(name).every(({ source }) => source.line !== undefined),
  )
  if (configFile !== undefined && isFromFile) return
  throw new ConfigError(
    'CONFIG_CONTRADICTION',
    'reconfigEnabled=true needs the server lines in a zoo.cfg, where changes are kept, and not on the command line; write such a file, or remove reconfigEnabled=true',
  )
}
