/**
 * A barrier that a number of members enter together and leave together.
 *
 * 1. `enter` resolves when so many members have entered as there are to be; `leave`, when all have left or are gone.
 * 2. A member that is gone, because its session expired, counts as one that has left: the others do not wait for it.
 *    Before the barrier has opened it has to be replaced.
 * 3. An `enter` that is given up takes its member away, unless the barrier has opened meanwhile: others have entered by
 *    it then, and go on without it.
 *
 * Layout: Curator's DistributedDoubleBarrier and kazoo's DoubleBarrier: a node for each member, and `ready` once the
 * barrier has opened. The last one to leave removes it; until then, who enters late is let through.
 */
import { type CallOptions, type Change, childPath } from '@quorate/client/core'
import { type AnyZooKeeper, type BytesClient, bytesClient } from '../foundation/bytes-client.ts'
import { untilDeleted } from '../foundation/deletion-watches.ts'
import { Limit } from '../foundation/limit.ts'
import { Occasion } from '../foundation/occasion.ts'
import { codeOf } from '../foundation/outcome.ts'
import { OwnNode } from '../foundation/own-node.ts'
import { RecipeError } from '../foundation/recipe-error.ts'
import { ensureNode, removeWithin } from './barrier.ts'

export interface DoubleBarrierOptions {
  /** Who enters, for others to read. */
  readonly id?: string
}

const readyName = 'ready'

export class DoubleBarrier {
  readonly path: string
  /** How many members have to enter. */
  readonly memberCount: number
  readonly #client: BytesClient
  readonly #options: DoubleBarrierOptions
  readonly #readyPath: string
  #member: OwnNode | undefined
  #ready = new Occasion()

  /** @throws RangeError for a number of members that is not a positive integer */
  constructor(
    zk: AnyZooKeeper,
    path: string,
    memberCount: number,
    options: DoubleBarrierOptions = {},
  ) {
    if (!Number.isInteger(memberCount) || memberCount < 1)
      throw new RangeError(
        `a double barrier has ${memberCount} members, and a whole number from 1 on is needed`,
      )
    this.path = path
    this.memberCount = memberCount
    this.#client = bytesClient(zk)
    this.#options = options
    this.#readyPath = childPath(path, readyName)
  }

  /**
   * Waits until all members have entered.
   * @throws ZooKeeperError OperationTimeout, Aborted, or what the servers say; RecipeError LockLost when the member's
   * node was taken away meanwhile
   */
  async enter(options: CallOptions = {}): Promise<void> {
    using limit = this.#limit('enter', options)
    if (this.#member !== undefined) await limit.join(this.#member.remove())
    // Watched before there is a member: what opens the barrier for it is told, though `ready` may be gone again by then.
    const ready = new Occasion()
    this.#ready = ready
    const isOpen = await this.#isOpen(limit)
    const member = await OwnNode.create(this.#client, this.#memberNode(), limit)
    this.#member = member
    if (isOpen) return
    try {
      using part = limit.within(member.lost, () => member.lost.reason)
      const members = await this.#members(part)
      if (members.length < this.memberCount) await part.wait(ready.listen)
      else await ensureNode(this.#client, this.#readyPath, part)
    } catch (error) {
      member.abandon()
      this.#member = undefined
      throw limit.errorOf(error)
    }
  }

  /**
   * Waits until all members have left. One that gives up waiting has left as well.
   * @throws RecipeError Released, if it was not entered; ZooKeeperError
   */
  async leave(options: CallOptions = {}): Promise<void> {
    const member = this.#member
    if (member === undefined) {
      const message = `the barrier ${this.path} was not entered, so it cannot be left.`
      throw new RecipeError('Released', { path: this.path, message })
    }
    this.#member = undefined
    using limit = this.#limit('leave', options)
    try {
      await this.#untilAllLeft(member, limit)
      await removeWithin(this.#client, this.#readyPath, limit)
    } catch (error) {
      member.abandon()
      throw limit.errorOf(error)
    }
  }

  /** Whether the barrier has opened; if not, its opening is told. */
  async #isOpen(limit: Limit): Promise<boolean> {
    try {
      const watch = { watch: this.#told, ...limit.call }
      return (await this.#client.exists(this.#readyPath, watch)) !== null
    } catch (error) {
      throw limit.errorOf(error)
    }
  }

  /** One listener for all waits of this object, however many of them are given up. */
  readonly #told = ({ type }: Change): void => {
    if (type === 'nodeCreated') this.#ready.happen()
  }

  /** The lowest waits for the highest, and all others for the lowest, so that nobody waits for everybody. */
  async #untilAllLeft(member: OwnNode, limit: Limit): Promise<void> {
    for (;;) {
      const members = (await this.#members(limit)).toSorted()
      const [lowest] = members
      const isLast = members.length === 1 && lowest === member.name
      if (lowest === undefined || isLast) {
        await limit.join(member.remove())
        return
      }
      if (lowest !== member.name) await limit.join(member.remove())
      const other = lowest === member.name ? members.at(-1)! : lowest
      await untilDeleted(this.#client, childPath(this.path, other), limit)
    }
  }

  async #members(limit: Limit): Promise<readonly string[]> {
    try {
      const children = await this.#client.children(this.path, limit.call)
      return children.filter((child) => child !== readyName)
    } catch (error) {
      if (codeOf(error) === 'NoNode') return []
      throw limit.errorOf(error)
    }
  }

  #memberNode(): Parameters<typeof OwnNode.create>[1] {
    const { id } = this.#options
    const value = id === undefined ? undefined : this.#client.world.platform.utf8Encode(id)
    return { parent: this.path, name: '', prefixOf: bareUuid, value, mode: { ephemeral: true } }
  }

  #limit(op: string, options: CallOptions): Limit {
    return new Limit(this.#client.world.clock, options, { op, path: this.path })
  }
}

/** The whole name of a member, as Curator has it. */
function bareUuid(uuid: string): string {
  return uuid
}
