/**
 * `currentEpoch` and `acceptedEpoch` in the version-2 folder of dataDir: a decimal number each, no newline.
 *
 * A server that forgets an epoch may follow two leaders of one epoch, so a write is durable, name and all, before `done`.
 */
import type { Disk, Done } from './disk.ts'
import { asError, LogError } from './log-error.ts'

export type EpochName = 'currentEpoch' | 'acceptedEpoch'

/** Longer than any number that is allowed. */
const textBytesMax = 32

/**
 * The epoch, or undefined when there is no such file (a first start).
 * @throws LogError EPOCH_FILE_BAD
 */
export function readEpoch(disk: Disk, directory: string, name: EpochName): number | undefined {
  return readEpochFile(disk, directory, name)
}

/** The epoch whose write to `currentEpoch` a crash interrupted before the rename, if there is one. */
export function readPendingCurrentEpoch(disk: Disk, directory: string): number | undefined {
  return readEpochFile(disk, directory, 'currentEpoch.tmp')
}

function readEpochFile(disk: Disk, directory: string, name: string): number | undefined {
  if (!disk.list(directory).includes(name)) return undefined
  const path = `${directory}/${name}`
  const file = disk.openForRead(path)
  const bytes = new Uint8Array(textBytesMax)
  const length = file.read(bytes, 0, textBytesMax, 0)
  file.close()
  const text = String.fromCharCode(...bytes.subarray(0, length))
  const epoch = Number(text)
  if (!/^-?\d{1,15}\s*$/.test(text)) {
    throw new LogError(
      'EPOCH_FILE_BAD',
      `found ${JSON.stringify(text)}; expected an epoch as a decimal number`,
      { file: path },
    )
  }
  return epoch
}

/** Writes `<name>.tmp`, syncs it, puts it in the place of `<name>` and syncs the directory. */
export function writeEpoch(
  disk: Disk,
  directory: string,
  epoch: { readonly name: EpochName; readonly value: number },
  done: Done,
): void {
  const text = String(epoch.value)
  const bytes = Uint8Array.from(text, (digit) => digit.charCodeAt(0))
  writeFileAtomically(disk, `${directory}/${epoch.name}`, bytes, done)
}

/** After a crash the file is the one before or all of the new one; after `done` it is the new one. */
export function writeFileAtomically(disk: Disk, path: string, bytes: Uint8Array, done: Done): void {
  const temporary = `${path}.tmp`
  try {
    const file = disk.openForWrite(temporary, { truncate: true })
    const finish: Done = (failure) => {
      try {
        file.close()
        if (failure === undefined) {
          disk.rename(temporary, path)
          disk.syncDirectory(path.slice(0, path.lastIndexOf('/')))
        }
      } catch (error) {
        return done(failure ?? asError(error))
      }
      done(failure)
    }
    file.write(bytes, 0, bytes.length, 0, (failure) =>
      failure === undefined ? file.sync(finish) : finish(failure),
    )
  } catch (error) {
    done(asError(error))
  }
}
