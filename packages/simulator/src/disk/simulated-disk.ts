/**
 * A server's disk in virtual time: the log room's MemoryDisk, whose writes and syncs complete one after another, each after a
 * delay, and fail while a fault says so.
 */
import { type Disk, DiskError, type DiskFile, MemoryDisk } from '@quorate/log'
import type { Part } from '../event-log.ts'
import type { Host } from '../host.ts'
import type { Prng } from '../prng.ts'
import type { World } from '../world.ts'

/** How the disk is at the moment: faults change it. Times are virtual microseconds. */
export interface DiskConditions {
  writeMostUs: number
  syncMostUs: number
  isSlow: boolean
  /** The chance that a write, or a sync, fails with EIO. */
  writeErrorChance: number
  syncErrorChance: number
  /** Bytes that fit; beyond them writes fail with ENOSPC. */
  capacityBytes: number
}

export const calmDisk: Readonly<DiskConditions> = {
  writeMostUs: 200,
  syncMostUs: 4_000,
  isSlow: false,
  writeErrorChance: 0,
  syncErrorChance: 0,
  capacityBytes: Infinity,
}

/** Something that is to happen instead of the completion of an operation. */
interface Interruption {
  /** Operations left until then. */
  left: number
  /** Which operations count. */
  readonly counts: () => boolean
  readonly action: () => void
}

export class SimulatedDisk implements Disk {
  readonly conditions: DiskConditions = { ...calmDisk }
  /** Told when the names in a directory have become durable. */
  onDirectorySynced: ((directory: string) => void) | undefined
  readonly #host: Host
  readonly #world: World
  readonly #random: Prng
  #memory: MemoryDisk
  readonly #paths = new Set<string>()
  #lastCompletionUs = 0
  readonly #interruptions = new Map<string, Interruption>()

  constructor(host: Host, world: World) {
    this.#host = host
    this.#world = world
    this.#random = world.random.fork(`disk of ${host.name}`)
    this.#memory = this.#newMemory()
  }

  /** Instead of completing the `count`-th operation from now on, of those that count, does this. One of each name. */
  interruptAfter(
    name: string,
    { count, counts }: { readonly count: number; readonly counts: () => boolean },
    action: () => void,
  ): void {
    this.#interruptions.set(name, { left: count, counts, action })
  }

  /** Takes {@link interruptAfter} back. */
  interruptNothing(name: string): void {
    this.#interruptions.delete(name)
  }

  /** Writes and syncs that are under way. */
  get pendingCount(): number {
    return this.#memory.pendingCount
  }

  /** The disk is replaced by a new one. Its process must have ended. */
  wipe(): void {
    this.#memory = this.#newMemory()
    this.#paths.clear()
  }

  /** Puts a small durable file there at once, as a blocking write with fsync and rename does. */
  install(path: string, bytes: Uint8Array): void {
    this.#paths.add(path)
    this.#memory.install(path, bytes)
  }

  /** The file as a reader sees it; undefined when there is none. */
  contents(path: string): Uint8Array | undefined {
    return this.#exists(path) ? this.#memory.contents(path) : undefined
  }

  /** Flips a bit of one of the files of this folder. Returns its path, or undefined when they are all empty. */
  flipBit(directory: string): string | undefined {
    const paths = this.#existingPaths().filter(
      (path) => path.startsWith(directory) && this.#memory.contents(path).length > 0,
    )
    if (paths.length === 0) return undefined
    const path = this.#random.pick(paths)
    const { length } = this.#memory.contents(path)
    this.#memory.flip(path, this.#random.below(length), 1 << this.#random.below(8))
    return path
  }

  usedBytes(): number {
    return this.#existingPaths().reduce((sum, path) => sum + this.#memory.contents(path).length, 0)
  }

  /** The machine loses power: what was not synced is lost or torn. */
  losePower(): void {
    const before = this.#contents()
    this.#memory.crash()
    this.#forgetQueue()
    const after = this.#contents()
    for (const [path, bytes] of before) {
      const left = after.get(path)
      if (left === undefined || !isEqual(left, bytes)) {
        this.#world.faults.hit('disk.lost-write')
        this.#host.note(`the power failure lost writes to ${path}`)
      }
    }
  }

  /** The process ends: what was written is in the kernel’s cache, what was on its way may be. */
  endProcess(): void {
    this.#memory.kill()
    this.#forgetQueue()
  }

  openForRead(path: string): DiskFile {
    return this.#memory.openForRead(path)
  }

  openForWrite(path: string, options: { readonly truncate: boolean }): DiskFile {
    this.#paths.add(path)
    const file = this.#memory.openForWrite(path, options)
    return {
      size: () => file.size(),
      read: (target, start, end, position) => file.read(target, start, end, position),
      write: (source, start, end, position, done) => {
        file.write(source, start, end, position, (error) => {
          if (error instanceof DiskError && error.code === 'ENOSPC')
            this.#world.faults.hit('disk.full')
          done(error)
        })
        this.#complete(this.conditions.writeMostUs, '% bytes are written to %', end - start, path)
      },
      sync: (done) => {
        file.sync(done)
        if (this.conditions.isSlow) this.#world.faults.hit('disk.slow-sync')
        this.#complete(this.conditions.syncMostUs, '% is synced', path)
      },
      truncate: (size) => file.truncate(size),
      close: () => file.close(),
    }
  }

  list(directory: string): readonly string[] {
    return this.#memory.list(directory)
  }

  makeDirectory(path: string): void {
    this.#memory.makeDirectory(path)
  }

  rename(from: string, to: string): void {
    this.#paths.add(to)
    this.#memory.rename(from, to)
  }

  remove(path: string): void {
    this.#memory.remove(path)
  }

  syncDirectory(path: string): void {
    this.#memory.syncDirectory(path)
    this.onDirectorySynced?.(path)
  }

  /** The MemoryDisk completes in the order of the requests; so each request has one event, none before the one before it. */
  #complete(mostUs: number, what: string, a: Part, b?: Part): void {
    const { nowUs } = this.#host
    this.#lastCompletionUs = Math.max(
      this.#lastCompletionUs,
      nowUs + this.#random.between(20, mostUs),
    )
    this.#host.after(this.#lastCompletionUs - nowUs, 'input', what, this.#completeNext, a, b)
  }

  readonly #completeNext = (): void => {
    for (const [name, interruption] of this.#interruptions) {
      if (!interruption.counts() || --interruption.left > 0) continue
      this.#interruptions.delete(name)
      interruption.action()
      return
    }
    this.#memory.completeNext()
  }

  #newMemory(): MemoryDisk {
    const { conditions } = this
    return new MemoryDisk({
      isQueued: true,
      random: () => this.#random.next(),
      failsWrite: () => this.#fails(conditions.writeErrorChance, 'disk.write-error'),
      failsSync: () => this.#fails(conditions.syncErrorChance, 'disk.sync-error'),
      // A getter, as the fault comes and goes.
      get capacityBytes() {
        return conditions.capacityBytes
      },
    })
  }

  #fails(chance: number, kind: 'disk.write-error' | 'disk.sync-error'): boolean {
    if (chance === 0 || !this.#random.chance(chance)) return false
    this.#world.faults.hit(kind)
    this.#host.note(`the operation fails: ${kind}`)
    return true
  }

  #forgetQueue(): void {
    this.#lastCompletionUs = 0
    this.#interruptions.clear()
  }

  #existingPaths(): readonly string[] {
    return [...this.#paths].filter((path) => this.#exists(path))
  }

  #exists(path: string): boolean {
    const at = path.lastIndexOf('/')
    return this.#memory.list(path.slice(0, at)).includes(path.slice(at + 1))
  }

  #contents(): ReadonlyMap<string, Uint8Array> {
    return new Map(this.#existingPaths().map((path) => [path, this.#memory.contents(path)]))
  }
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false
  return true
}
