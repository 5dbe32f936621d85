/**
 * A server's disk in virtual time: the log room's MemoryDisk, whose writes and syncs complete one after another, each after a
 * delay, and fail while a fault says so.
 */
import { type Disk, DiskError, type DiskFile, MemoryDisk } from '@quorate/log'
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

export class SimulatedDisk implements Disk {
  readonly conditions: DiskConditions = { ...calmDisk }
  readonly #host: Host
  readonly #world: World
  readonly #random: Prng
  readonly #memory: MemoryDisk
  readonly #paths = new Set<string>()
  #lastCompletionUs = 0
  #countdown: { left: number; readonly action: () => void } | undefined

  constructor(host: Host, world: World) {
    this.#host = host
    this.#world = world
    this.#random = world.random.fork(`disk of ${host.name}`)
    const { conditions } = this
    this.#memory = new MemoryDisk({
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

  /** Instead of completing the `count`-th operation from now, do this. */
  interruptAfter(count: number, action: () => void): void {
    this.#countdown = { left: count, action }
  }

  /** Takes {@link interruptAfter} back. */
  interruptNothing(): void {
    this.#countdown = undefined
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
        this.#complete(`${end - start} bytes are written to ${path}`, this.conditions.writeMostUs)
      },
      sync: (done) => {
        file.sync(done)
        if (this.conditions.isSlow) this.#world.faults.hit('disk.slow-sync')
        this.#complete(`${path} is synced`, this.conditions.syncMostUs)
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
  }

  /** The MemoryDisk completes in the order of the requests; so each request has one event, none before the one before it. */
  #complete(what: string, mostUs: number): void {
    const { nowUs } = this.#host
    this.#lastCompletionUs = Math.max(
      this.#lastCompletionUs,
      nowUs + this.#random.between(20, mostUs),
    )
    this.#host.after(this.#lastCompletionUs - nowUs, 'input', what, () => {
      const countdown = this.#countdown
      if (countdown !== undefined && --countdown.left <= 0) {
        this.#countdown = undefined
        countdown.action()
      } else this.#memory.completeNext()
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
    this.#countdown = undefined
  }

  #existingPaths(): readonly string[] {
    return [...this.#paths].filter((path) => {
      const at = path.lastIndexOf('/')
      return this.#memory.list(path.slice(0, at)).includes(path.slice(at + 1))
    })
  }

  #contents(): ReadonlyMap<string, Uint8Array> {
    return new Map(this.#existingPaths().map((path) => [path, this.#memory.contents(path)]))
  }
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at])
}
