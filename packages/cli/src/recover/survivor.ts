/** A server whose files are left, as its configuration and its data directory show it. Nothing is changed. */
import { readFileSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import {
  ConfigError,
  type ConfigurationDisk,
  DataLock,
  FileMembershipStore,
  type Membership,
  type MembershipFiles,
  nodeConfigurationDisk,
  parseMyId,
  type ResolvedConfig,
  resolveConfig,
  ServerError,
} from '@quorate/server'
import { type CommitRecord, unfinishedRecord } from './commit-record.ts'
import { type HistorySurvey, surveyHistory } from './history-survey.ts'
import type { SurvivorName } from './recover-arguments.ts'
import { RecoverError } from './recover-error.ts'

export interface Survivor {
  readonly name: SurvivorName
  readonly serverId: number
  readonly dataDir: string
  readonly dataLogDir: string
  /** Undefined: only the data directory was named. */
  readonly configuration: SurvivorConfiguration | undefined
  readonly history: HistorySurvey
  readonly unfinished: CommitRecord | undefined
}

export interface SurvivorConfiguration {
  /** Absolute. */
  readonly path: string
  readonly files: MembershipFiles
  /** In force, and proposed last. */
  readonly committed: Membership
  readonly lastSeen: Membership
  /** `reconfigEnabled`: whether this server adopts a newer membership that others tell it. */
  readonly isReconfigEnabled: boolean
}

/** Where its files are, and what its configuration says. */
export type LocatedSurvivor = Omit<Survivor, 'history' | 'unfinished'>

const readOnlyDisk: ConfigurationDisk = {
  read: (path) => nodeConfigurationDisk.read(path),
  replace() {
    // What a server would tidy up at its start stays.
  },
  remove() {
    // As above.
  },
}

/** @throws RecoverError */
export function locateSurvivor(name: SurvivorName): LocatedSurvivor {
  return translating(name, () =>
    name.configFile === undefined ? dataPlaces(name) : configuredPlaces(name),
  )
}

/** @throws RecoverError RECOVER_SERVER_RUNS */
export function checkStopped({ name, dataDir, dataLogDir }: LocatedSurvivor): void {
  translating(name, () => {
    for (const directory of new Set([dataDir, dataLogDir])) DataLock.checkFree(directory)
  })
}

/** Reads all of its history, which takes as long as a start of the server. */
export function surveySurvivor(located: LocatedSurvivor): Survivor {
  return translating(located.name, () => ({
    ...located,
    history: surveyHistory(located),
    unfinished: unfinishedRecord(located.dataDir),
  }))
}

function translating<T>(name: SurvivorName, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw asRecoverError(error, name)
  }
}

/** @returns the error as it is when it is none of those that the files of a survivor cause */
function asRecoverError(error: unknown, { text }: SurvivorName): unknown {
  if (error instanceof ServerError)
    return new RecoverError('RECOVER_SERVER_RUNS', `${text}: ${error.message}`, { cause: error })
  const isOfDisk = typeof (error as NodeJS.ErrnoException).code === 'string'
  if (error instanceof RecoverError || !(error instanceof ConfigError || isOfDisk)) return error
  const message = `${text} cannot be read as a survivor: ${(error as Error).message}`
  return new RecoverError('RECOVER_SURVIVOR_UNREADABLE', message, { cause: error })
}

function dataPlaces(name: SurvivorName): LocatedSurvivor {
  const { dataDir = '', dataLogDir = dataDir } = name
  const path = join(dataDir, 'myid')
  checkDirectories(dataDir, dataLogDir)
  return {
    name,
    serverId: parseMyId(path, readFileSync(path, 'utf8')),
    dataDir: resolve(dataDir),
    dataLogDir: resolve(dataLogDir),
    configuration: undefined,
  }
}

function configuredPlaces(name: SurvivorName): LocatedSurvivor {
  const path = resolve(name.configFile ?? '')
  const { config } = resolvedConfig(path, name)
  const { ensemble, reconfigEnabled } = config
  if (ensemble === undefined)
    throw new RecoverError(
      'RECOVER_CONTRADICTION',
      `${path} describes a server that runs standalone; there is no majority to lose`,
    )
  checkDirectories(config.dataDir, config.dataLogDir)
  const store = FileMembershipStore.open(ensemble.membershipFiles, () => {}, readOnlyDisk)
  return {
    name,
    serverId: ensemble.serverId,
    dataDir: resolve(config.dataDir),
    dataLogDir: resolve(config.dataLogDir),
    configuration: {
      path,
      files: ensemble.membershipFiles,
      committed: store.committed,
      lastSeen: store.lastSeen,
      isReconfigEnabled: reconfigEnabled,
    },
  }
}

/** A data directory that was named wins over the one in the file: the file may be a copy from another machine. */
function resolvedConfig(
  path: string,
  { dataDir, dataLogDir = dataDir }: SurvivorName,
): ResolvedConfig {
  const flags = [...flagFor('dataDir', dataDir), ...flagFor('dataLogDir', dataLogDir)]
  return resolveConfig({ file: { path, text: readFileSync(path, 'utf8') }, flags })
}

function flagFor(name: string, value: string | undefined) {
  return value === undefined ? [] : [{ name, value, origin: 'the command line' }]
}

function checkDirectories(...directories: readonly string[]): void {
  for (const directory of directories) statSync(join(directory, 'version-2'))
}
