/** The configuration of one server, resolved and checked. Nothing behind this file reads text any more. */
import { readFileSync } from 'node:fs'
import type { ConnectionThrottleOptions } from '../client-port/connection-throttle.ts'
import { clientAddressOf, staticClientAddressOf } from './client-address.ts'
import { ConfigError, type ConfigNotice } from './config-problem.ts'
import { type EnsembleConfig, ensembleOf, ensembleOptionsOf } from './ensemble-config.ts'
import { parseJvmFlags } from './jvm-flags.ts'
import {
  findMembership,
  type FoundMembership,
  type ReadFile,
  standaloneMember,
} from './membership.ts'
import { Settings } from './settings.ts'
import { parseZooCfg } from './zoo-cfg.ts'

export interface ServerConfig {
  /** The file it came from; undefined for the embedded default. */
  readonly configFile: string | undefined
  /** Undefined: all addresses. */
  readonly clientAddress: string | undefined
  /** 0: any free port. */
  readonly clientPort: number
  readonly dataDir: string
  readonly dataLogDir: string
  readonly createsDataDir: boolean
  readonly tickTimeMs: number
  readonly minSessionTimeoutMs: number
  readonly maxSessionTimeoutMs: number
  /** 0: any number. */
  readonly maxClientCnxns: number
  /** 0: any number. */
  readonly maxCnxns: number
  /** −1: the default. */
  readonly listenBacklog: number
  readonly clientTcpKeepAlive: boolean
  readonly sessionlessTimeoutMs: number
  readonly fourLetterWords: ReadonlySet<string> | 'all'
  readonly snapCount: number
  readonly snapSizeLimitBytes: number
  readonly preAllocBytes: number
  /** 0: no limit. */
  readonly txnLogSizeLimitBytes: number
  readonly forceSync: boolean
  readonly fsyncWarningMs: number
  /** 0: no purge. */
  readonly purgeIntervalMs: number
  readonly snapRetainCount: number
  readonly digestEnabled: boolean
  readonly compressesSnapshots: boolean
  /** `serializeLastProcessedZxid.enabled` */
  readonly snapshotsHaveLastZxid: boolean
  /** `snapshot.trust.empty` */
  readonly trustsEmptySnapshot: boolean
  readonly juteMaxBuffer: number
  readonly globalOutstandingLimit: number
  /** 0: no such limit. */
  readonly requestThrottleMaxRequests: number
  /** 0: no request is refused for having waited. */
  readonly throttledOpWaitMs: number
  readonly connectionThrottle: ConnectionThrottleOptions
  readonly enforceQuota: boolean
  readonly skipAcl: boolean
  readonly reconfigEnabled: boolean
  readonly extendedTypesEnabled: boolean
  readonly containerCheckIntervalMs: number
  readonly containerMaxPerMinute: number
  readonly containerMaxNeverUsedIntervalMs: number
  readonly isDigestAuthEnabled: boolean
  readonly superDigest: string | undefined
  readonly enforceAuthSchemes: readonly string[]
  readonly logLevel: string
  /** Undefined: the server runs standalone. */
  readonly ensemble: EnsembleConfig | undefined
}

/** What a configuration is resolved from. Reading zoo.cfg and the environment is the caller's affair. */
export interface ConfigSources {
  /** Undefined: the embedded default. */
  readonly file: { readonly path: string; readonly text: string } | undefined
  readonly jvmFlags?: string
  readonly serverJvmFlags?: string
  /** From the command line: a key, its value and the flag it came with. */
  readonly flags?: readonly {
    readonly name: string
    readonly value: string
    readonly origin: string
  }[]
  /** The dynamic configuration file and myid; left out: from disk. */
  readonly readFile?: ReadFile
}

export interface ResolvedConfig {
  readonly config: ServerConfig
  readonly notices: readonly ConfigNotice[]
}

/** What a server without any zoo.cfg runs with: only this machine can reach it. */
export const embeddedZooCfg =
  'tickTime=2000\nclientPort=2181\nclientPortAddress=127.0.0.1\ndataDir=data\n'

/** @throws ConfigError */
export function resolveConfig(sources: ConfigSources): ResolvedConfig {
  const settings = new Settings()
  settings.addProperties(parseJvmFlags(sources.serverJvmFlags ?? '', 'SERVER_JVMFLAGS'))
  settings.addProperties(parseJvmFlags(sources.jvmFlags ?? '', 'JVMFLAGS'))
  const file = sources.file ?? { path: 'embedded default', text: embeddedZooCfg }
  settings.addFile(parseZooCfg(file.text, file.path), file.path)
  for (const { name, value, origin } of sources.flags ?? []) settings.addFlag(name, value, origin)

  const readFile = sources.readFile ?? readTextFile
  const found = findMembership(settings, { fileName: file.path, readFile })
  noticeStandalone(settings, found)
  settings.noticeInertKeys(found.isEnsemble)
  const staticAddress = staticClientAddressOf(settings)
  const config = {
    configFile: sources.file?.path,
    ...directoriesOf(settings),
    ...connectionsOf(settings),
    ...sessionTimesOf(settings),
    ...storageOf(settings),
    ...requestsOf(settings),
    ...securityOf(settings),
    fourLetterWords: whitelistOf(settings),
    logLevel: settings.text('quorate.logLevel'),
  }
  const options = found.isEnsemble ? ensembleOptionsOf(settings) : undefined
  settings.throwProblems()
  const { dataDir } = config
  if (dataDir === '') throw missing('dataDir', file.path, 'dataDir=/var/lib/quorate')
  checkSessionTimes(config)
  const places = { configFile: sources.file?.path, fileName: file.path, dataDir }
  const ensemble = options && ensembleOf(settings, options, { ...places, found, readFile })
  const member =
    ensemble === undefined
      ? standaloneMember(found)
      : found.membership.memberById.get(ensemble.serverId)
  const { clientAddress, clientPort } = clientAddressOf(staticAddress, member, found.origin)
  if (clientPort === undefined) throw missing('clientPort', file.path, 'clientPort=2181')
  return {
    config: { ...config, clientAddress, clientPort, ensemble },
    notices: settings.notices,
  }
}

function noticeStandalone(settings: Settings, found: FoundMembership): void {
  const member = standaloneMember(found)
  if (member === undefined) return
  settings.notices.push({
    level: 'warn',
    code: 'CONFIG_SERVER_LINE_IGNORED',
    message: `there is one server line (server.${member.id}): the server runs standalone and does not use its peer ports`,
  })
}

function readTextFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    throw new ConfigError('CONFIG_UNREADABLE', `${path} cannot be read: ${message}`, {
      cause: error,
    })
  }
}

function missing(key: string, file: string, example: string): ConfigError {
  return new ConfigError(
    'CONFIG_KEY_MISSING',
    `${file}: ${key} is not set; add a line such as ${example}`,
  )
}

function directoriesOf(settings: Settings) {
  const dataDir = settings.optional('dataDir') as string | undefined
  return {
    dataDir: dataDir ?? '',
    dataLogDir: (settings.optional('dataLogDir') as string | undefined) ?? dataDir ?? '',
    createsDataDir: settings.switch('datadir.autocreate'),
  }
}

function connectionsOf(settings: Settings) {
  return {
    maxClientCnxns: Math.max(0, settings.integer('maxClientCnxns')),
    maxCnxns: Math.max(0, settings.integer('maxCnxns')),
    listenBacklog: settings.integer('clientPortListenBacklog'),
    clientTcpKeepAlive: settings.switch('clientTcpKeepAlive'),
    sessionlessTimeoutMs: settings.integer('nio.sessionlessCnxnTimeout'),
  }
}

function sessionTimesOf(settings: Settings) {
  const tickTimeMs = settings.integer('tickTime')
  const min = settings.integer('minSessionTimeout')
  const max = settings.integer('maxSessionTimeout')
  return {
    tickTimeMs,
    minSessionTimeoutMs: min === -1 ? tickTimeMs * 2 : min,
    maxSessionTimeoutMs: max === -1 ? tickTimeMs * 20 : max,
  }
}

function checkSessionTimes(
  config: Pick<ServerConfig, 'minSessionTimeoutMs' | 'maxSessionTimeoutMs' | 'tickTimeMs'>,
): void {
  const { minSessionTimeoutMs, maxSessionTimeoutMs, tickTimeMs } = config
  if (minSessionTimeoutMs <= maxSessionTimeoutMs) return
  throw new ConfigError(
    'CONFIG_CONTRADICTION',
    `minSessionTimeout is ${minSessionTimeoutMs} ms and maxSessionTimeout ${maxSessionTimeoutMs} ms; the first may not be larger (without them they are ${2 * tickTimeMs} and ${20 * tickTimeMs}, from tickTime)`,
  )
}

function storageOf(settings: Settings) {
  const retained = settings.integer('autopurge.snapRetainCount')
  if (retained < 3) {
    const message = `autopurge.snapRetainCount=${retained} counts as 3: fewer snapshots leave no way back from a damaged one`
    settings.notices.push({ level: 'warn', code: 'CONFIG_VALUE_RAISED', message })
  }
  return {
    snapCount: settings.integer('snapCount'),
    snapSizeLimitBytes: settings.integer('snapSizeLimitInKb') * 1_024,
    preAllocBytes: settings.integer('preAllocSize') * 1_024,
    txnLogSizeLimitBytes: Math.max(0, settings.integer('txnLogSizeLimitInKb')) * 1_024,
    forceSync: settings.switch('forceSync'),
    fsyncWarningMs: settings.integer('fsync.warningthresholdms'),
    purgeIntervalMs: settings.integer('autopurge.purgeInterval'),
    snapRetainCount: Math.max(3, retained),
    digestEnabled: settings.switch('digest.enabled'),
    compressesSnapshots: settings.optional('snapshot.compression.method') === 'gz',
    snapshotsHaveLastZxid: settings.switch('serializeLastProcessedZxid.enabled'),
    trustsEmptySnapshot: settings.switch('snapshot.trust.empty'),
  }
}

function requestsOf(settings: Settings) {
  return {
    juteMaxBuffer: settings.integer('jute.maxbuffer'),
    globalOutstandingLimit: settings.integer('globalOutstandingLimit'),
    requestThrottleMaxRequests: settings.integer('request_throttle_max_requests'),
    throttledOpWaitMs: settings.integer('throttled_op_wait_time'),
    connectionThrottle: connectionThrottleOf(settings),
    enforceQuota: settings.switch('enforceQuota'),
    skipAcl: settings.switch('skipACL'),
    reconfigEnabled: settings.switch('reconfigEnabled'),
    extendedTypesEnabled: settings.switch('extendedTypesEnabled'),
    containerCheckIntervalMs: settings.integer('znode.container.checkIntervalMs'),
    containerMaxPerMinute: settings.integer('znode.container.maxPerMinute'),
    containerMaxNeverUsedIntervalMs: settings.integer('znode.container.maxNeverUsedIntervalMs'),
  }
}

function connectionThrottleOf(settings: Settings): ConnectionThrottleOptions {
  return {
    tokens: settings.integer('connection_throttle_tokens'),
    fillTimeMs: settings.integer('connection_throttle_fill_time'),
    fillCount: settings.integer('connection_throttle_fill_count'),
    freezeTimeMs: settings.integer('connection_throttle_freeze_time'),
    dropIncrease: settings.decimal('connection_throttle_drop_increase'),
    dropDecrease: settings.decimal('connection_throttle_drop_decrease'),
    decreaseRatio: settings.decimal('connection_throttle_decrease_ratio'),
    weights: settings.switch('connection_throttle_weight_enabled')
      ? {
          create: settings.integer('connection_throttle_global_session_weight'),
          reattach: settings.integer('connection_throttle_renew_session_weight'),
        }
      : undefined,
  }
}

function securityOf(settings: Settings) {
  const isEnforced = settings.switch('enforce.auth.enabled')
  const schemes = commaList(settings.optional('enforce.auth.schemes') as string | undefined)
  if (isEnforced && schemes.length === 0) {
    throw new ConfigError(
      'CONFIG_CONTRADICTION',
      'enforce.auth.enabled=true needs enforce.auth.schemes; write for example enforce.auth.schemes=digest',
    )
  }
  return {
    isDigestAuthEnabled: settings.switch('DigestAuthenticationProvider.enabled'),
    superDigest: settings.optional('DigestAuthenticationProvider.superDigest') as
      | string
      | undefined,
    enforceAuthSchemes: isEnforced ? schemes : [],
  }
}

/** As Apache reads it: spaces around a word do not count, case does, and srvr is always allowed. */
function whitelistOf(settings: Settings): ReadonlySet<string> | 'all' {
  const words = commaList(settings.text('4lw.commands.whitelist'))
  if (words.includes('*')) return 'all'
  if (settings.switch('readonlymode.enabled')) words.push('isro')
  return new Set([...words, 'srvr'])
}

function commaList(text: string | undefined): string[] {
  return (text ?? '')
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '')
}
