/**
 * What a server uses of the machine that a host may want to give it otherwise: disks, locks on what they hold, and connections to
 * other servers. {@link thisMachine} is the real one; who hosts servers for tests hands in another.
 */
import { statfs } from 'node:fs/promises'
import { connect, type NetConnectOpts, type Socket } from 'node:net'
import type { Disk } from '@quorate/log'
import { lockDirectories, type Releasable } from './data-lock.ts'
import {
  type ConfigurationDisk,
  nodeConfigurationDisk,
} from './membership-store/configuration-disk.ts'
import { NodeDisk, type NodeDiskOptions } from './node-disk.ts'

export interface Machine {
  /**
   * Keeps others off the data directory and the log directory.
   * @throws ServerError DATA_DIRECTORY_IN_USE, DATA_DIRECTORY_UNUSABLE
   */
  lock(directories: Parameters<typeof lockDirectories>[0]): Releasable
  /** A server opens several disks, which differ in how they sync; all show the same files. */
  openDisk(options: NodeDiskOptions): Disk
  /** For zoo.cfg and the files beside it. */
  readonly configurationDisk: ConfigurationDisk
  /** Room on the disk that holds the directory. */
  freeBytes(directory: string): Promise<number>
  /** Dials another member of the ensemble. */
  connect(serverId: number, options: NetConnectOpts): Socket
}

export const thisMachine: Machine = {
  lock: lockDirectories,
  openDisk: (options) => new NodeDisk(options),
  configurationDisk: nodeConfigurationDisk,
  async freeBytes(directory) {
    const { bavail, bsize } = await statfs(directory)
    return bavail * bsize
  },
  connect: (_serverId, options) => connect(options),
}
