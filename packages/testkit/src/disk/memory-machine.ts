/**
 * A machine whose disks are memory: what a server of the test kit stands on. It outlives the server, as a disk does, and gives the
 * next one what a disk would have kept.
 */
import { connect, type NetConnectOpts, type Socket } from 'node:net'
import { type Clock, nodeWorld } from '@quorate/client'
import { type Disk, MemoryDisk } from '@quorate/log'
import type { ConfigurationDisk, Machine, Releasable } from '@quorate/server'
import { DiskFaults } from './disk-faults.ts'
import { DiskLife, FaultyDisk } from './faulty-disk.ts'

/** Dials a member of the ensemble. */
type Connect = Machine['connect']

export class MemoryMachine implements Machine {
  readonly faults: DiskFaults = new DiskFaults()
  readonly connect: Connect
  readonly #disk = new MemoryDisk()
  readonly #configurationFiles = new Map<string, Uint8Array>()
  readonly #clock: Pick<Clock, 'wakeAfter'>
  #life: DiskLife

  readonly configurationDisk: ConfigurationDisk = {
    read: (path) => this.#configurationFiles.get(path),
    replace: (path, bytes) => void this.#configurationFiles.set(path, bytes.slice()),
    remove: (path) => void this.#configurationFiles.delete(path),
  }

  constructor(
    options: {
      /** What a slow disk takes its time by. Default: the real one. */
      readonly clock?: Pick<Clock, 'wakeAfter'>
      readonly connect?: Connect
    } = {},
  ) {
    this.#clock = options.clock ?? nodeWorld.clock
    this.#life = new DiskLife(this.#clock)
    this.connect =
      options.connect ?? ((_serverId: number, to: NetConnectOpts): Socket => connect(to))
  }

  /** Nobody else can reach this memory. */
  lock(): Releasable {
    return { release() {} }
  }

  openDisk(): Disk {
    return new FaultyDisk(this.#disk, this.faults, this.#life)
  }

  freeBytes(): Promise<number> {
    return Promise.resolve(this.faults.failure === undefined ? Infinity : 0)
  }

  /** The disk is well and fast again, for what waits for it as well. */
  mend(): void {
    this.faults.mend()
    this.#life.hurry()
  }

  /** As when the power fails: what was not synced is lost, and the server that runs writes nothing more. */
  crash(): void {
    this.#life.end()
    this.#life = new DiskLife(this.#clock)
    this.#disk.crash()
  }
}
