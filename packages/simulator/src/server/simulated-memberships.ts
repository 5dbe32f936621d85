/** A server's dynamic configuration file and its `.next`, on the simulated disk: they outlive every crash, and go with the disk. */
import type { Membership, MembershipStore } from '@quorate/consensus'
import { utf8Decode, utf8Encode } from '@quorate/protocol'
import type { SimulatedDisk } from '../disk/simulated-disk.ts'

export type MembershipParser = (text: string) => Membership

const committedPath = '/configuration/zoo.cfg.dynamic'
const lastSeenPath = `${committedPath}.next`

export class SimulatedMemberships implements MembershipStore {
  readonly #disk: SimulatedDisk
  readonly #changed: (membership: Membership) => void
  #committed: Membership
  #lastSeen: Membership

  /**
   * @param initialText what the operator wrote, when there are no files yet
   * @param changed told of each one that comes into force
   */
  constructor(
    disk: SimulatedDisk,
    configuration: { readonly initialText: string; readonly parse: MembershipParser },
    changed: (membership: Membership) => void,
  ) {
    this.#disk = disk
    this.#changed = changed
    const found = textOf(disk.contents(committedPath))
    // The file is there from the start: the operator may write another one when a disk is lost later.
    if (found === undefined) disk.install(committedPath, utf8Encode(configuration.initialText))
    this.#committed = configuration.parse(found ?? configuration.initialText)
    const lastSeen = textOf(disk.contents(lastSeenPath))
    this.#lastSeen = lastSeen === undefined ? this.#committed : configuration.parse(lastSeen)
  }

  get committed(): Membership {
    return this.#committed
  }

  get lastSeen(): Membership {
    return this.#lastSeen
  }

  setCommitted(membership: Membership): void {
    const isNew = membership.text !== this.#committed.text
    this.#committed = membership
    if (!isNew) return
    this.#disk.install(committedPath, utf8Encode(membership.text))
    this.#changed(membership)
  }

  setLastSeen(membership: Membership): void {
    if (membership.text === this.#lastSeen.text) return
    this.#lastSeen = membership
    this.#disk.install(lastSeenPath, utf8Encode(membership.text))
  }
}

function textOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : utf8Decode(bytes)
}
