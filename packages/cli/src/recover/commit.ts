/**
 * Carries out a recovery plan.
 *
 * 1. Before anything is changed, every survivor has a durable copy of what will change, and a record that a commit has begun.
 * 2. Every file is replaced as a whole, durable before the next one: a crash leaves the old one or the new one.
 * 3. Epochs before memberships: nobody can lead in the new membership before the new epoch is accepted everywhere. acceptedEpoch before
 *    currentEpoch, as ever.
 * 4. Only who has the chosen history gets the new currentEpoch, since servers of one currentEpoch have one history.
 * 5. The same command again after a failure at any point finishes the work, with a still later epoch.
 */
import { Buffer } from 'node:buffer'
import { basename, join } from 'node:path'
import { type EpochName, versionDirectory, writeEpoch } from '@quorate/log'
import {
  dynamicFilePath,
  FileMembershipStore,
  formatDynamicFile,
  lockDirectories,
  makeDurableDirectory,
  nodeConfigurationDisk,
  type Releasable,
} from '@quorate/server'
import { toolDisk } from '../tool-disk.ts'
import { type CommitRecord, recordFolder, recordPath } from './commit-record.ts'
import { hasSameHistory } from './new-membership.ts'
import { RecoverError } from './recover-error.ts'
import type { RecoveryPlan } from './recovery-plan.ts'
import type { LocatedSurvivor, Survivor } from './survivor.ts'

/** @throws RecoverError RECOVER_SERVER_RUNS; nothing is locked then */
export function lockSurvivors(survivors: readonly LocatedSurvivor[]): Releasable {
  const locks: Releasable[] = []
  const all = { release: () => locks.forEach((lock) => lock.release()) }
  try {
    for (const { dataDir, dataLogDir } of survivors)
      locks.push(lockDirectories({ dataDir, dataLogDir, createsDataDir: false }))
    return all
  } catch (error) {
    all.release()
    const { message } = error as Error
    throw new RecoverError('RECOVER_SERVER_RUNS', message, { cause: error })
  }
}

/**
 * The survivors must be locked.
 * @throws RecoverError RECOVER_WRITE_FAILED
 */
export async function commitRecovery(plan: RecoveryPlan): Promise<void> {
  try {
    await new Commit(plan).run()
  } catch (error) {
    throw new RecoverError(
      'RECOVER_WRITE_FAILED',
      `the recovery is not finished: ${(error as Error).message}; mend that and give the same command again, before any server is started`,
      { cause: error },
    )
  }
}

class Commit {
  readonly #plan: RecoveryPlan

  constructor(plan: RecoveryPlan) {
    this.#plan = plan
  }

  async run(): Promise<void> {
    const { survivors, start, epoch } = this.#plan
    for (const survivor of survivors) {
      this.#backUp(survivor)
      this.#writeRecord(survivor, 'begun')
    }
    for (const survivor of survivors) await raiseEpoch(survivor, 'acceptedEpoch', epoch)
    for (const survivor of survivors)
      if (hasSameHistory(survivor, start)) await raiseEpoch(survivor, 'currentEpoch', epoch)
    for (const survivor of survivors) this.#writeMembership(survivor)
    for (const survivor of survivors) this.#writeRecord(survivor, 'finished')
  }

  #backUp({ dataDir, configuration }: Survivor): void {
    const folder = join(recordFolder(dataDir, this.#plan.epoch), 'before')
    makeDurableDirectory(folder)
    const version = versionDirectory(dataDir)
    const files = [join(version, 'acceptedEpoch'), join(version, 'currentEpoch')]
    if (configuration !== undefined) {
      const { path, committed } = configuration
      files.push(path, `${path}.dynamic.next`, dynamicFilePath(path, committed.version))
    }
    for (const file of files) {
      const bytes = nodeConfigurationDisk.read(file)
      if (bytes !== undefined) nodeConfigurationDisk.replace(join(folder, basename(file)), bytes)
    }
  }

  #writeRecord({ dataDir }: Survivor, state: CommitRecord['state']): void {
    const { epoch, start, membership, newMembership } = this.#plan
    const record: CommitRecord = {
      state,
      epoch,
      startServerId: start.serverId,
      membershipBefore: membership.text,
      membership: newMembership.text,
    }
    const text = `${JSON.stringify(record, undefined, 2)}\n`
    nodeConfigurationDisk.replace(recordPath(dataDir, epoch), Buffer.from(text))
  }

  #writeMembership({ dataDir, configuration }: Survivor): void {
    const { epoch, newMembership } = this.#plan
    const copy = dynamicFilePath(
      join(recordFolder(dataDir, epoch), 'zoo.cfg'),
      newMembership.version,
    )
    nodeConfigurationDisk.replace(copy, Buffer.from(formatDynamicFile(newMembership)))
    if (configuration === undefined) return
    const { path, files } = configuration
    const store = FileMembershipStore.open({ ...files, areKept: true }, ({ message }) => {
      throw new Error(message)
    })
    store.setCommitted(newMembership)
    if (newMembership.quorums.voterIds.length === 1) keepPeerPorts(path)
  }
}

function raiseEpoch(survivor: Survivor, name: EpochName, value: number): Promise<void> {
  return new Promise((resolve, reject) => {
    writeEpoch(toolDisk, versionDirectory(survivor.dataDir), { name, value }, (error) =>
      error === undefined ? resolve() : reject(error),
    )
  })
}

/** A single voter would run standalone, where nobody hears of the new membership from it, and nobody can join it. */
function keepPeerPorts(path: string): void {
  const text = nodeConfigurationDisk.read(path)
  if (text === undefined) throw new Error(`${path} is gone`)
  const added = Buffer.from('standaloneEnabled=false\n')
  nodeConfigurationDisk.replace(path, Buffer.concat([text, added]))
}
