/**
 * The membership of a running server, kept beside zoo.cfg the way Apache ZooKeeper keeps it.
 *
 * 1. zoo.cfg names the file of the membership in force, or (before the first reconfiguration) has its lines within.
 * 2. `zoo.cfg.dynamic.next` is there when a later one has been proposed. One that isn't later than the one in force doesn't count.
 * 3. A membership comes into force by three steps, each durable before the next: its file is written, zoo.cfg is pointed at it, and
 *    the proposed one is removed. A server that fails between any two finds the old one in force and the new one proposed, or the
 *    new one in force.
 *
 * What cannot be written is reported, and holds in memory: the transaction that brought it is in the log, which tells it again
 * after a restart.
 */
import type { Membership, MembershipStore } from '@quorate/consensus'
import { ConfigError } from '../config/config-problem.ts'
import { parseZooCfg } from '../config/zoo-cfg.ts'
import type { LogLine } from '../server-log.ts'
import { type ConfigurationDisk, nodeConfigurationDisk } from './configuration-disk.ts'
import {
  dynamicFilePath,
  formatDynamicFile,
  formatNextFile,
  type MembershipText,
  nextFilePath,
  parseDynamicFile,
  parseNextFile,
} from './dynamic-file.ts'
import type { MembershipFiles } from './membership-files.ts'
import { editZooCfg } from './zoo-cfg-edit.ts'

type Report = (line: LogLine) => void

export class FileMembershipStore implements MembershipStore {
  readonly #files: MembershipFiles
  /** Undefined: nothing is written. */
  readonly #configFile: string | undefined
  readonly #report: Report
  readonly #disk: ConfigurationDisk
  #committed: Membership
  #lastSeen: Membership

  /**
   * Reads what is in force and what was proposed; keeps a copy of a zoo.cfg that has the server lines within, which will be rewritten.
   * @throws ConfigError when the files have changed since the configuration was read, and can't be read any more
   */
  static open(
    files: MembershipFiles,
    report: Report,
    disk: ConfigurationDisk = nodeConfigurationDisk,
  ): FileMembershipStore {
    const store = new FileMembershipStore(files, report, disk)
    store.#load()
    return store
  }

  private constructor(files: MembershipFiles, report: Report, disk: ConfigurationDisk) {
    this.#files = files
    this.#configFile = files.areKept ? files.configFile : undefined
    this.#report = report
    this.#disk = disk
    this.#committed = files.found
    this.#lastSeen = files.found
  }

  get committed(): Membership {
    return this.#committed
  }

  get lastSeen(): Membership {
    return this.#lastSeen
  }

  setCommitted(membership: Membership): void {
    const before = this.#committed
    this.#committed = membership
    const configFile = this.#configFile
    if (membership.text === before.text || configFile === undefined) return
    this.#attempt('put in force', () => this.#writeCommitted(configFile, before))
  }

  setLastSeen(membership: Membership): void {
    const isNew = membership.text !== this.#lastSeen.text
    this.#lastSeen = membership
    const configFile = this.#configFile
    if (!isNew || configFile === undefined) return
    this.#attempt('proposed', () => this.#writeLastSeen(configFile))
  }

  #load(): void {
    const configFile = this.#configFile
    if (configFile === undefined) return
    const bytes = this.#disk.read(configFile)
    if (bytes === undefined) throw unreadable(configFile)
    const dynamicFile = dynamicFileIn(textOf(bytes), configFile)
    if (dynamicFile === undefined) {
      this.#attempt('found', () => this.#disk.replace(`${configFile}.bak`, bytes))
      return
    }
    const dynamicBytes = this.#disk.read(dynamicFile)
    if (dynamicBytes === undefined) throw unreadable(dynamicFile)
    this.#committed = parseDynamicFile(this.#membershipText(dynamicFile, dynamicBytes))
    this.#lastSeen = this.#committed
    this.#loadNext(nextFilePath(configFile))
  }

  #loadNext(path: string): void {
    const bytes = this.#disk.read(path)
    if (bytes === undefined) return
    try {
      const next = parseNextFile(this.#membershipText(path, bytes))
      if (next.version > this.#committed.version) this.#lastSeen = next
      else this.#attempt('proposed', () => this.#disk.remove(path))
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      this.#report({
        level: 'warn',
        code: 'MEMBERSHIP_UNREADABLE',
        message: `the membership that was proposed last is taken from the log, as its file can't be read: ${error.message}`,
      })
    }
  }

  #membershipText(path: string, bytes: Uint8Array): MembershipText {
    const { isMultiAddressEnabled } = this.#files
    return { path, text: textOf(bytes), isMultiAddressEnabled }
  }

  #writeCommitted(configFile: string, before: Membership): void {
    const membership = this.#committed
    const dynamicFile = dynamicFilePath(configFile, membership.version)
    this.#disk.replace(dynamicFile, Buffer.from(formatDynamicFile(membership)))
    const zooCfg = this.#disk.read(configFile)
    if (zooCfg === undefined) throw unreadable(configFile)
    const { serverId } = this.#files
    const member = membership.memberById.get(serverId)
    const memberBefore = before.memberById.get(serverId)
    const edited = editZooCfg(Buffer.from(zooCfg).toString('latin1'), {
      dynamicFile,
      client: {
        isErased: member?.clientAddress !== undefined,
        restored: memberBefore?.clientAddress,
      },
      secureClient: {
        isErased: member?.secureClientAddress !== undefined,
        restored: memberBefore?.secureClientAddress,
      },
    })
    this.#disk.replace(configFile, Buffer.from(edited, 'latin1'))
    if (this.#lastSeen.version <= membership.version) this.#disk.remove(nextFilePath(configFile))
  }

  #writeLastSeen(configFile: string): void {
    const path = nextFilePath(configFile)
    if (this.#lastSeen.version > this.#committed.version)
      this.#disk.replace(path, Buffer.from(formatNextFile(this.#lastSeen)))
    else this.#disk.remove(path)
  }

  #attempt(what: string, write: () => void): void {
    try {
      write()
    } catch (error) {
      const { message } = error as Error
      this.#report({
        level: 'error',
        code: 'MEMBERSHIP_NOT_WRITTEN',
        message: `the membership ${what} can't be written to the files of the configuration (${message}); make ${this.#configFile} and its directory writable for the server; the membership holds in memory`,
      })
    }
  }
}

/** The file that zoo.cfg names. A relative one counts from where the server was started, as Apache ZooKeeper has it. */
function dynamicFileIn(text: string, configFile: string): string | undefined {
  return parseZooCfg(text, configFile).findLast(({ key }) => key === 'dynamicConfigFile')?.value
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString()
}

function unreadable(path: string): ConfigError {
  return new ConfigError(
    'CONFIG_UNREADABLE',
    `${path} was there when the configuration was read, and is gone; put it back`,
  )
}
