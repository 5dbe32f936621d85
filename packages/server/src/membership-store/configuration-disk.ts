/** The files of a configuration on disk. */
import {
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { syncDirectory } from '../durable-directory.ts'

/** What a {@link FileMembershipStore} needs of a disk. Every change is durable when the call returns. */
export interface ConfigurationDisk {
  /** Undefined: there is no such file. */
  read(path: string): Uint8Array | undefined
  /** Makes the file, or puts another in its place: after a failure at any moment there is the old one or the new one. */
  replace(path: string, bytes: Uint8Array): void
  /** A file that isn't there is no failure. */
  remove(path: string): void
}

export const nodeConfigurationDisk: ConfigurationDisk = {
  read(path) {
    try {
      return readFileSync(path)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    }
  },

  replace(path, bytes) {
    const temporary = `${path}.tmp`
    // Whoever was allowed to read the file may read the new one.
    const mode = statSync(path, { throwIfNoEntry: false })?.mode ?? 0o644
    const descriptor = openSync(temporary, 'w', mode & 0o777)
    try {
      writeFileSync(descriptor, bytes)
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    renameSync(temporary, path)
    syncDirectory(dirname(path))
  },

  remove(path) {
    if (statSync(path, { throwIfNoEntry: false }) === undefined) return
    rmSync(path)
    syncDirectory(dirname(path))
  },
}
