/**
 * A server's data folder on a file system of its own, which can be filled, and held: an ext4 file system in a file (loop device), else
 * tmpfs, which cannot be held, else a plain folder, which can't be filled either.
 *
 * `dispose` works at any moment, at once, and more than once.
 */
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statfsSync,
  truncateSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { complaintOf, run } from '../commands.ts'

export type DiskFault = 'full' | 'slow'

export interface DiskKind {
  readonly name: string
  readonly faults: ReadonlySet<DiskFault>
  /** @returns the complaint; undefined when it is there */
  mount(image: string, directory: string): string | undefined
}

/** Room for the logs and snapshots of some minutes. */
const sizeMb = 160

/** Filled by writes, which come to the last block. */
const writtenMb = 4
/** Lengths, the last one that of a block. */
const fillingWrites = [262_144, 4_096]

const loop: DiskKind = {
  name: 'ext4 on a loop device',
  faults: new Set<DiskFault>(['full', 'slow']),
  mount(image, directory) {
    closeSync(openSync(image, 'w'))
    truncateSync(image, sizeMb * 1_048_576)
    return (
      complaintOf(['mkfs.ext4', '-q', '-m', '0', '-F', image]) ??
      complaintOf(['mount', '-o', 'loop', image, directory])
    )
  },
}

const tmpfs: DiskKind = {
  name: 'tmpfs',
  faults: new Set<DiskFault>(['full']),
  mount: (_image, directory) =>
    complaintOf(['mount', '-t', 'tmpfs', '-o', `size=${sizeMb}m`, 'quorate-faults', directory]),
}

const plain: DiskKind = {
  name: 'a plain folder',
  faults: new Set<DiskFault>(),
  mount: () => undefined,
}

/**
 * Tries them out.
 * @param directory a folder for that
 */
export function chooseDiskKind(directory: string): {
  readonly kind: DiskKind
  readonly refused: readonly string[]
} {
  const refused: string[] = []
  for (const kind of [loop, tmpfs]) {
    const disk = new FaultDisk(kind, join(directory, 'probe'))
    const complaint = disk.mount() ?? (kind.faults.has('slow') ? disk.probeHold() : undefined)
    disk.dispose()
    if (complaint === undefined) return { kind, refused }
    refused.push(`no ${kind.name} (${complaint})`)
  }
  return { kind: plain, refused }
}

/** Unmounts and removes what runs have left whose processes are no more. Their servers must be gone. */
export function sweepDisks(): void {
  if (!existsSync('/proc/mounts')) return
  const folders = new Set<string>()
  for (const [, disk, folder, pid] of readFileSync('/proc/mounts', 'utf8').matchAll(leftMount)) {
    if (existsSync(`/proc/${pid}`)) continue
    complaintOf(['fsfreeze', '--unfreeze', disk!])
    complaintOf(['umount', '--lazy', disk!])
    folders.add(folder!)
  }
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
}

/** As the folders of runs are named. */
const leftMount = / ((\/\S*\/quorate-faults-(\d+)-\w+)\/\S+-disk) /g

export class FaultDisk {
  readonly directory: string
  readonly #kind: DiskKind
  readonly #image: string
  #isMounted = false
  #isHeld = false

  /** @param place of the image and the folder, which begin with this */
  constructor(kind: DiskKind, place: string) {
    this.#kind = kind
    this.directory = `${place}-disk`
    this.#image = `${place}.img`
  }

  get faults(): ReadonlySet<DiskFault> {
    return this.#kind.faults
  }

  /** @returns the complaint; undefined when all went well */
  mount(): string | undefined {
    mkdirSync(this.directory, { recursive: true })
    const complaint = this.#kind.mount(this.#image, this.directory)
    this.#isMounted = complaint === undefined && this.#kind !== plain
    return complaint
  }

  probeHold(): string | undefined {
    return (
      complaintOf(['fsfreeze', '--freeze', this.directory]) ??
      complaintOf(['fsfreeze', '--unfreeze', this.directory])
    )
  }

  /** Takes all the room there is. */
  async fill(): Promise<void> {
    const { bavail, bsize } = statfsSync(this.directory)
    // The file system needs some blocks for the file itself, and the server takes more meanwhile.
    const atOnce = bavail * bsize - writtenMb * 1_048_576
    if (atOnce > 0) await run(['fallocate', '--length', String(atOnce), this.#filler])
    const file = openSync(this.#filler, 'a')
    try {
      for (const length of fillingWrites) writeUntilFull(file, length)
    } finally {
      closeSync(file)
    }
  }

  free(): void {
    rmSync(this.#filler, { force: true })
  }

  /** Whoever writes stands still until {@link release}. */
  async hold(): Promise<void> {
    if (this.#isHeld) return
    this.#isHeld = true
    await run(['fsfreeze', '--freeze', this.directory])
  }

  async release(): Promise<void> {
    if (!this.#isHeld) return
    await run(['fsfreeze', '--unfreeze', this.directory])
    this.#isHeld = false
  }

  dispose(): void {
    if (this.#isHeld) complaintOf(['fsfreeze', '--unfreeze', this.directory])
    this.#isHeld = false
    // Lazily: a process that was just killed may still be there.
    if (this.#isMounted) complaintOf(['umount', '--lazy', this.directory])
    this.#isMounted = false
    rmSync(this.#image, { force: true })
  }

  get #filler(): string {
    return join(this.directory, 'filler')
  }
}

function writeUntilFull(file: number, length: number): void {
  const bytes = new Uint8Array(length)
  try {
    for (;;) writeSync(file, bytes)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
  }
}
