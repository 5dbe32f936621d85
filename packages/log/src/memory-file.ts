/**
 * One file of a MemoryDisk: what a reader sees, what is durable, and the changes between the two.
 *
 * 1. A sector reaches the disk as the cache held it behind one of the writes, with what earlier writes put there. So writing
 *    anew what the cache holds already may complete a sector, and never leaves a part of one.
 * 2. Only the last write leaves a part of a sector, at the end of a prefix: behind the others the sector was whole in the
 *    cache, and what was written later is not on the disk without that.
 */
import { sectorBytes } from './log-format.ts'

/** A failure as the platform reports it; `code` is ENOENT, ENOSPC, EIO or EBADF. */
export class DiskError extends Error {
  override readonly name = 'DiskError'
  readonly code: string
  constructor(code: string, message: string) {
    super(`${code}: ${message}`)
    this.code = code
  }
}

/** A write, or a truncation when `bytes` is undefined (to `position`). */
export interface FileChange {
  readonly bytes: Uint8Array | undefined
  readonly position: number
  isComplete: boolean
  /** What the cache held of the sectors that the write touches, up to the end of the file, when it completed. */
  sectorsBefore: Uint8Array
}

interface Tearing {
  readonly change: FileChange
  /** Whether a prefix may end within a sector. */
  readonly isTornInSector: boolean
  readonly random: () => number
}

const nothing: Uint8Array = new Uint8Array(0)

export class MemoryFile {
  /** What a reader sees. */
  bytes: Uint8Array
  #durable: Uint8Array
  #changes: FileChange[] = []

  constructor(bytes: Uint8Array) {
    this.bytes = bytes.slice()
    this.#durable = bytes.slice()
  }

  /** A write is on its way. */
  startWrite(bytes: Uint8Array, position: number): FileChange {
    const change = { bytes, position, isComplete: false, sectorsBefore: nothing }
    this.#changes.push(change)
    return change
  }

  /** Bytes by which the write makes the file longer. */
  growthOf(change: FileChange): number {
    return Math.max(0, change.position + (change.bytes?.length ?? 0) - this.bytes.length)
  }

  completeWrite(change: FileChange): void {
    change.isComplete = true
    const { bytes, position } = change
    if (bytes !== undefined) {
      const end = sectorEnd(position + bytes.length)
      change.sectorsBefore = this.bytes.slice(sectorStart(position), end)
    }
    this.bytes = applied(this.bytes, change)
  }

  /** The change has no effect, now and after a crash. */
  drop(changes: readonly FileChange[]): void {
    this.#changes = this.#changes.filter((change) => !changes.includes(change))
  }

  truncate(size: number): void {
    const change = { bytes: undefined, position: size, isComplete: true, sectorsBefore: nothing }
    this.#changes.push(change)
    this.bytes = applied(this.bytes, change)
  }

  /** The changes that a sync which begins now makes durable. */
  completedChanges(): readonly FileChange[] {
    return this.#changes.filter((change) => change.isComplete)
  }

  makeDurable(changes: readonly FileChange[]): void {
    for (const change of changes) this.#durable = applied(this.#durable, change)
    this.drop(changes)
  }

  flip(offset: number, mask: number): void {
    this.bytes[offset]! ^= mask
    if (offset < this.#durable.length) this.#durable[offset]! ^= mask
  }

  /** Writes on their way happen or don't. */
  kill(random: () => number): void {
    for (const change of this.#changes.filter((one) => !one.isComplete)) {
      if (random() < 0.5) this.completeWrite(change)
      else this.drop([change])
    }
  }

  /** @param random 1: nothing survives that is not durable */
  crash(random: () => number): void {
    const last = this.#changes.at(-1)
    for (const change of this.#changes) {
      // What is on its way may reach the disk as well.
      if (!change.isComplete) this.completeWrite(change)
      const isTornInSector = change === last
      this.#durable = survived(this.#durable, { change, isTornInSector, random })
    }
    this.#changes = []
    this.bytes = this.#durable.slice()
  }
}

function applied(before: Uint8Array, change: FileChange): Uint8Array {
  const { bytes, position } = change
  if (bytes === undefined) return resized(before, position)
  return written(before, bytes, position)
}

function written(before: Uint8Array, bytes: Uint8Array, position: number): Uint8Array {
  const after = resized(before, Math.max(before.length, position + bytes.length))
  after.set(bytes, position)
  return after
}

/** Nothing, all, a prefix, or some of the sectors of a change. */
function survived(before: Uint8Array, tearing: Tearing): Uint8Array {
  const { change, isTornInSector, random } = tearing
  const { bytes, position } = change
  const part = Math.floor(random() * 4)
  if (bytes === undefined) return part === 1 ? applied(before, change) : before
  if (part === 0 || part === 4) return before
  const start = sectorStart(position)
  if (part === 2) {
    const kept = Math.floor(random() * (bytes.length + 1))
    const cached = sectorsOf(change, isTornInSector ? bytes.subarray(0, kept) : bytes)
    return written(before, cached.subarray(0, sectorEnd(position + kept) - start), start)
  }
  const sectors = sectorsOf(change, bytes)
  if (part === 1) return written(before, sectors, start)
  let after = before
  for (let at = 0; at < sectors.length; at += sectorBytes) {
    if (random() < 0.5) after = written(after, sectors.subarray(at, at + sectorBytes), start + at)
  }
  return after
}

/** The sectors that the change touches, as the cache held them when `bytes` of it were there. */
function sectorsOf(change: FileChange, bytes: Uint8Array): Uint8Array {
  const offset = change.position - sectorStart(change.position)
  return written(change.sectorsBefore.slice(), bytes, offset)
}

function sectorStart(position: number): number {
  return position - (position % sectorBytes)
}

function sectorEnd(position: number): number {
  return Math.ceil(position / sectorBytes) * sectorBytes
}

function resized(bytes: Uint8Array, size: number): Uint8Array {
  if (size === bytes.length) return bytes
  const result = new Uint8Array(size)
  result.set(bytes.subarray(0, size))
  return result
}
