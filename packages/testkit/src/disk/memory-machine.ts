/** A machine whose disks are memory: what a server of the test kit stands on. It outlives the server, as a disk does. */
import { type Disk, MemoryDisk } from '@quorate/log'
import type { ConfigurationDisk, Machine, Releasable } from '@quorate/server'

export class MemoryMachine implements Machine {
  readonly #disk = new MemoryDisk()
  readonly #configurationFiles = new Map<string, Uint8Array>()

  readonly configurationDisk: ConfigurationDisk = {
    read: (path) => this.#configurationFiles.get(path),
    replace: (path, bytes) => void this.#configurationFiles.set(path, bytes.slice()),
    remove: (path) => void this.#configurationFiles.delete(path),
  }

  /** Nobody else can reach this memory. */
  lock(): Releasable {
    return { release() {} }
  }

  openDisk(): Disk {
    return this.#disk
  }

  freeBytes(): Promise<number> {
    return Promise.resolve(Infinity)
  }
}
