/**
 * Keeps two servers from writing into one data directory.
 *
 * The lock is a file that names its owner: process id, and the time the process started as the kernel counts it, since
 * ids are used again. A lock whose owner no longer runs (it was killed) is taken over. The file is linked into place
 * whole, so nobody ever reads half of one, and linking fails when it is there. Process ids mean something within one
 * machine (one container) only: a directory that several share must be guarded by whoever shares it.
 *
 * Compatibility: a data directory that is in use is refused with exit code 3; Apache ZooKeeper notices only that the
 * client port is taken, and with another port two servers damage each other's files.
 */
import { linkSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeDurableDirectory } from './durable-directory.ts'
import { ExitCode } from './exit-code.ts'
import { ServerError } from './server-error.ts'

const lockName = 'quorate.lock'

export class DataLock {
  readonly #path: string

  private constructor(path: string) {
    this.#path = path
  }

  /**
   * @param create whether to make the directory when it is missing
   * @throws ServerError DATA_DIRECTORY_IN_USE, DATA_DIRECTORY_UNUSABLE
   */
  static acquire(directory: string, options: { readonly create: boolean }): DataLock {
    const path = join(directory, lockName)
    try {
      if (options.create) makeDurableDirectory(directory)
      // A few rounds: whoever loses a race for a stale lock must look again at who won it.
      for (let round = 0; round < 10; round++) if (tryAcquire(path)) return new DataLock(path)
    } catch (error) {
      if (error instanceof ServerError) throw error
      const reason = (error as Error).message
      const message = `the data directory ${directory} cannot be used: ${reason}; make it writable for this user or choose another (dataDir)`
      throw new ServerError('DATA_DIRECTORY_UNUSABLE', ExitCode.dataDirectory, message, {
        cause: error,
      })
    }
    throw inUse(directory, 'several servers that start at the same moment')
  }

  /**
   * Looks without locking: a directory that is only read may be on a disk that cannot be written.
   * @throws ServerError DATA_DIRECTORY_IN_USE
   */
  static checkFree(directory: string): void {
    const owner = readOwner(join(directory, lockName))
    if (owner === undefined || !isRunning(owner)) return
    throw inUse(directory, `the process ${owner.split(' ')[0]}`)
  }

  release(): void {
    if (readOwner(this.#path) === ownIdentity()) unlinkSync(this.#path)
  }
}

function tryAcquire(path: string): boolean {
  const own = `${path}.${process.pid}`
  writeFileSync(own, ownIdentity())
  try {
    linkSync(own, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    unlinkSync(own)
  }
  const owner = readOwner(path)
  if (owner === undefined) return false
  if (isRunning(owner)) throw inUse(join(path, '..'), `the process ${owner.split(' ')[0]}`)
  removeStale(path, owner)
  return false
}

/** Moves the stale lock away under a name of our own and looks at it again: another server may have replaced it meanwhile. */
function removeStale(path: string, owner: string): void {
  const aside = `${path}.${process.pid}.stale`
  try {
    renameSync(path, aside)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
  const moved = readOwner(aside)
  if (moved !== owner && moved !== undefined && isRunning(moved)) linkSync(aside, path)
  unlinkSync(aside)
}

function inUse(directory: string, owner: string): ServerError {
  return new ServerError(
    'DATA_DIRECTORY_IN_USE',
    ExitCode.dataDirectory,
    `the data directory ${directory} is in use by ${owner}; stop that server or choose another directory (dataDir)`,
  )
}

function readOwner(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

function ownIdentity(): string {
  return `${process.pid} ${startTimeOf(process.pid) ?? '-'}`
}

function isRunning(owner: string): boolean {
  const [id = '', startTime] = owner.split(' ')
  const processId = Number(id)
  if (!Number.isInteger(processId) || processId <= 0) return false
  const current = startTimeOf(processId)
  if (current !== undefined && startTime !== '-') return current === startTime
  return answersSignals(processId)
}

/** The 22nd field of /proc/<pid>/stat, in clock ticks since the machine started; undefined where there is no /proc. */
function startTimeOf(processId: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${processId}/stat`, 'utf8')
    // The second field is the program's name in parentheses and may hold anything, so count from its end.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  } catch {
    return undefined
  }
}

/** For systems without /proc: signal 0 is not delivered, but fails when there is no such process. */
function answersSignals(processId: number): boolean {
  try {
    process.kill(processId, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** A lock, or several. */
export interface Releasable {
  release(): void
}

/**
 * Locks the data directory and, where it is another one, the log directory.
 * @throws ServerError DATA_DIRECTORY_IN_USE, DATA_DIRECTORY_UNUSABLE; nothing is locked then
 */
export function lockDirectories(config: {
  readonly dataDir: string
  readonly dataLogDir: string
  readonly createsDataDir: boolean
}): Releasable {
  const create = config.createsDataDir
  const data = DataLock.acquire(config.dataDir, { create })
  if (config.dataLogDir === config.dataDir) return data
  try {
    const log = DataLock.acquire(config.dataLogDir, { create })
    return {
      release() {
        log.release()
        data.release()
      },
    }
  } catch (error) {
    data.release()
    throw error
  }
}
