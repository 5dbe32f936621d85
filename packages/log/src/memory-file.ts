/** One file of a MemoryDisk: what a reader sees, what is durable, and the changes between the two. */
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
}

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
    const change = { bytes, position, isComplete: false }
    this.#changes.push(change)
    return change
  }

  /** Bytes by which the write makes the file longer. */
  growthOf(change: FileChange): number {
    return Math.max(0, change.position + (change.bytes?.length ?? 0) - this.bytes.length)
  }

  completeWrite(change: FileChange): void {
    change.isComplete = true
    this.bytes = applied(this.bytes, change)
  }

  /** The change has no effect, now and after a crash. */
  drop(changes: readonly FileChange[]): void {
    this.#changes = this.#changes.filter((change) => !changes.includes(change))
  }

  truncate(size: number): void {
    const change = { bytes: undefined, position: size, isComplete: true }
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
    for (const change of this.#changes) this.#durable = survived(this.#durable, change, random)
    this.#changes = []
    this.bytes = this.#durable.slice()
  }
}

function applied(before: Uint8Array, change: FileChange): Uint8Array {
  const { bytes, position } = change
  if (bytes === undefined) return resized(before, position)
  const after = resized(before, Math.max(before.length, position + bytes.length))
  after.set(bytes, position)
  return after
}

/** Nothing, all, a prefix, or some of the sectors of a change. */
function survived(before: Uint8Array, change: FileChange, random: () => number): Uint8Array {
  const { bytes, position } = change
  const part = Math.floor(random() * 4)
  if (part === 1) return applied(before, change)
  if (bytes === undefined || part === 0 || part === 4) return before
  if (part === 2) {
    const kept = Math.floor(random() * (bytes.length + 1))
    return applied(before, { ...change, bytes: bytes.subarray(0, kept) })
  }
  let after = before
  for (let at = 0; at < bytes.length;) {
    const sectorEnd = sectorBytes - ((position + at) % sectorBytes) + at
    const sector = bytes.subarray(at, sectorEnd)
    if (random() < 0.5)
      after = applied(after, { ...change, bytes: sector, position: position + at })
    at = sectorEnd
  }
  return after
}

function resized(bytes: Uint8Array, size: number): Uint8Array {
  if (size === bytes.length) return bytes
  const result = new Uint8Array(size)
  result.set(bytes.subarray(0, size))
  return result
}
