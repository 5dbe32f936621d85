/**
 * One file of a MemoryDisk: what a reader sees, what is durable, and the changes between the two.
 *
 * 1. A sector reaches the disk as the cache held it behind one of the writes, with what earlier writes put there. So writing
 *    anew what the cache holds already may complete a sector, and never leaves a part of one.
 * 2. Only the last write leaves a part of a sector, at the end of a prefix: behind the others the sector was whole in the
 *    cache, and what was written later is not on the disk without that.
 */
import { ByteArena } from '@quorate/protocol'
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
const arena = new ByteArena()

/** Contents that grow at their end without a copy each time. */
class Contents {
  /** Zero behind `size`. */
  #buffer: Uint8Array
  #size: number
  #view: Uint8Array

  constructor(bytes: Uint8Array) {
    this.#buffer = bytes.slice()
    this.#size = bytes.length
    this.#view = this.#buffer
  }

  get size(): number {
    return this.#size
  }

  /** A view, valid until the next change of size. */
  get bytes(): Uint8Array {
    if (this.#view.length !== this.#size) this.#view = this.#buffer.subarray(0, this.#size)
    return this.#view
  }

  resize(size: number): void {
    if (size < this.#size) this.#buffer.fill(0, size, this.#size)
    else if (size > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(2 * this.#buffer.length, size))
      larger.set(this.#buffer)
      this.#buffer = larger
      this.#view = larger
    }
    this.#size = size
  }

  write(bytes: Uint8Array, position: number): void {
    const end = position + bytes.length
    if (end > this.#size) this.resize(end)
    this.#buffer.set(bytes, position)
  }

  apply({ bytes, position }: FileChange): void {
    if (bytes === undefined) this.resize(position)
    else this.write(bytes, position)
  }
}

export class MemoryFile {
  #cached: Contents
  #durable: Contents
  #changes: FileChange[] = []

  constructor(bytes: Uint8Array) {
    this.#cached = new Contents(bytes)
    this.#durable = new Contents(bytes)
  }

  get size(): number {
    return this.#cached.size
  }

  /** What a reader sees: a view, valid until the next change. */
  get bytes(): Uint8Array {
    return this.#cached.bytes
  }

  /** A write is on its way; a copy is taken. */
  startWrite(bytes: Uint8Array, position: number): FileChange {
    const copy = arena.copy(bytes)
    const change = { bytes: copy, position, isComplete: false, sectorsBefore: nothing }
    this.#changes.push(change)
    return change
  }

  /** Bytes by which the write makes the file longer. */
  growthOf(change: FileChange): number {
    return Math.max(0, change.position + (change.bytes?.length ?? 0) - this.size)
  }

  completeWrite(change: FileChange): void {
    change.isComplete = true
    const { bytes, position } = change
    if (bytes !== undefined) {
      const end = sectorEnd(position + bytes.length)
      const sectors = Math.min(this.size, end)
      const start = Math.min(sectors, sectorStart(position))
      change.sectorsBefore = arena.copy(this.bytes, start, sectors)
    }
    this.#cached.apply(change)
  }

  /** The change has no effect, now and after a crash. */
  drop(changes: readonly FileChange[]): void {
    this.#changes = this.#changes.filter((change) => !changes.includes(change))
  }

  truncate(size: number): void {
    const change = { bytes: undefined, position: size, isComplete: true, sectorsBefore: nothing }
    this.#changes.push(change)
    this.#cached.apply(change)
  }

  /** The changes that a sync which begins now makes durable. */
  completedChanges(): readonly FileChange[] {
    return this.#changes.filter((change) => change.isComplete)
  }

  makeDurable(changes: readonly FileChange[]): void {
    for (const change of changes) this.#durable.apply(change)
    this.drop(changes)
  }

  flip(offset: number, mask: number): void {
    const durable = this.#durable.bytes
    this.bytes[offset]! ^= mask
    if (offset < durable.length) durable[offset]! ^= mask
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
      survive(this.#durable, { change, isTornInSector, random })
    }
    this.#changes = []
    this.#cached = new Contents(this.#durable.bytes)
  }
}

/** Nothing, all, a prefix, or some of the sectors of a change. */
function survive(durable: Contents, tearing: Tearing): void {
  const { change, isTornInSector, random } = tearing
  const { bytes, position } = change
  const part = Math.floor(random() * 4)
  if (bytes === undefined) {
    if (part === 1) durable.apply(change)
    return
  }
  if (part === 0 || part === 4) return
  const start = sectorStart(position)
  if (part === 2) {
    const kept = Math.floor(random() * (bytes.length + 1))
    const cached = sectorsOf(change, isTornInSector ? bytes.subarray(0, kept) : bytes)
    durable.write(cached.subarray(0, sectorEnd(position + kept) - start), start)
    return
  }
  const sectors = sectorsOf(change, bytes)
  if (part === 1) return durable.write(sectors, start)
  for (let at = 0; at < sectors.length; at += sectorBytes) {
    if (random() < 0.5) durable.write(sectors.subarray(at, at + sectorBytes), start + at)
  }
}

/** The sectors that the change touches, as the cache held them when `bytes` of it were there. */
function sectorsOf(change: FileChange, bytes: Uint8Array): Uint8Array {
  const sectors = new Contents(change.sectorsBefore)
  sectors.write(bytes, change.position - sectorStart(change.position))
  return sectors.bytes
}

function sectorStart(position: number): number {
  return position - (position % sectorBytes)
}

function sectorEnd(position: number): number {
  return Math.ceil(position / sectorBytes) * sectorBytes
}
