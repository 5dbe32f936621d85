/**
 * The folder of an ensemble on this machine:
 *
 *     quorate.lock              held while the ensemble runs
 *     ensemble.json             its members and their ports
 *     server1/zoo.cfg           the configuration of server 1
 *     server1/data/myid         its id
 *     server1/data/version-2/   its data
 *     server1/server.log        its log; server.log.1 is the one before
 *
 * A zoo.cfg that still reads as it was written follows the plan when that changes; one that somebody has changed, or the
 * server itself after a reconfiguration, is left alone.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { DataLock, ServerError } from '@quorate/server'
import { EnsembleError } from './ensemble-error.ts'
import {
  checkedPlan,
  type EnsemblePlan,
  isUnchangedZooCfg,
  type MemberPlan,
  zooCfg,
} from './ensemble-plan.ts'

const planName = 'ensemble.json'

export interface MemberFiles {
  readonly directory: string
  readonly configuration: string
  readonly log: string
}

export class EnsembleFolder {
  readonly path: string
  readonly #lock: DataLock

  private constructor(path: string, lock: DataLock) {
    this.path = path
    this.#lock = lock
  }

  /**
   * Makes the folder if it is missing, and locks it.
   * @throws EnsembleError ENSEMBLE_FOLDER_IN_USE, ENSEMBLE_FOLDER_UNUSABLE
   */
  static open(directory: string): EnsembleFolder {
    const path = resolve(directory)
    try {
      return new EnsembleFolder(path, DataLock.acquire(path, { create: true }))
    } catch (error) {
      if (!(error instanceof ServerError)) throw error
      const isInUse = error.code === 'DATA_DIRECTORY_IN_USE'
      throw new EnsembleError(
        isInUse ? 'ENSEMBLE_FOLDER_IN_USE' : 'ENSEMBLE_FOLDER_UNUSABLE',
        isInUse
          ? `an ensemble runs in ${path} already; stop it, or choose another folder (--data-dir). ${error.message}`
          : error.message,
        { cause: error },
      )
    }
  }

  close(): void {
    this.#lock.release()
  }

  filesOf({ id }: MemberPlan): MemberFiles {
    const directory = join(this.path, `server${id}`)
    return {
      directory,
      configuration: join(directory, 'zoo.cfg'),
      log: join(directory, 'server.log'),
    }
  }

  /**
   * What the folder was last started with; undefined for a new folder.
   * @throws EnsembleError ENSEMBLE_FOLDER_UNUSABLE
   */
  readPlan(): EnsemblePlan | undefined {
    const file = join(this.path, planName)
    const text = readIfThere(file)
    return text === undefined ? undefined : checkedPlan(parsed(text), file)
  }

  /**
   * Keeps the plan and writes the members' files.
   * @throws EnsembleError ENSEMBLE_CONTRADICTION when a zoo.cfg that was edited would have to change
   */
  keep(plan: EnsemblePlan): void {
    const before = this.readPlan()
    const stale = plan.members.filter((member) => this.#isStale(plan, member, before))
    for (const member of plan.members) {
      const data = this.#dataDirectoryOf(member)
      mkdirSync(data, { recursive: true })
      replaceFile(join(data, 'myid'), `${member.id}\n`)
    }
    for (const member of stale)
      replaceFile(this.filesOf(member).configuration, this.#configurationOf(plan, member))
    const text = JSON.stringify({ members: plan.members }, undefined, 2)
    replaceFile(join(this.path, planName), `${text}\n`)
  }

  /** Whether the member's configuration is not there, or is of another plan or place. */
  #isStale(plan: EnsemblePlan, member: MemberPlan, before: EnsemblePlan | undefined): boolean {
    const { configuration } = this.filesOf(member)
    const text = this.#configurationOf(plan, member)
    const found = readIfThere(configuration)
    if (found === undefined) return true
    if (isUnchangedZooCfg(found)) return found !== text
    // Whoever changed it has done so for the plan of before.
    if (before !== undefined && this.#configurationOf(before, member) === text) return false
    throw new EnsembleError(
      'ENSEMBLE_CONTRADICTION',
      `${configuration} was changed since it was written, and ports of the ensemble have to be others now; free those that ${join(this.path, planName)} names, or choose another folder (--data-dir)`,
    )
  }

  #configurationOf(plan: EnsemblePlan, member: MemberPlan): string {
    return zooCfg(plan, member, this.#dataDirectoryOf(member))
  }

  #dataDirectoryOf(member: MemberPlan): string {
    return join(this.filesOf(member).directory, 'data')
  }
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new EnsembleError('ENSEMBLE_FOLDER_UNUSABLE', (error as Error).message, { cause: error })
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function replaceFile(file: string, text: string): void {
  const aside = `${file}.new`
  try {
    writeFileSync(aside, text)
    renameSync(aside, file)
  } catch (error) {
    rmSync(aside, { force: true })
    throw new EnsembleError('ENSEMBLE_FOLDER_UNUSABLE', (error as Error).message, { cause: error })
  }
}
