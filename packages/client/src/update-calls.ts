/**
 * Changes a node by what it holds: reads it, asks the caller for the new value, and writes that if nobody has written
 * since; otherwise all again.
 *
 * A write whose answer was lost is not repeated blindly. The version tells in most cases that it was not made, and then
 * the loop goes on; where it may have been made, the caller is told so.
 */
import { bytesEqual, type Stat } from '@quorate/protocol'
import { CallBudget, backOffMs } from './call-budget.ts'
import type { CallOptions } from './call.ts'
import type { Caller } from './caller.ts'
import type { ClientCodec, CodecOption, PathCodecs } from './codecs-by-path.ts'
import type { CreateCalls } from './create-calls.ts'
import type { CreateOptions as NodeOptions } from './create-options.ts'
import * as operations from './operations.ts'
import type { NodePath } from './operations.ts'
import { inDoubt, ZooKeeperError } from './zookeeper-error.ts'

export interface UpdateOptions extends CallOptions {
  /** How often to try while others write between the read and the write. Default 20. */
  readonly triesMax?: number
}

/** How an update makes a node that does not exist. */
export type UpdateCreateOptions = Omit<NodeOptions, 'sequential'> & {
  readonly createParents?: boolean
}

/** Gives the new value, or undefined to leave the node as it is. */
export type Change<Value, Read, ReadStat> = (
  value: Read,
  stat: ReadStat,
) => Value | undefined | Promise<Value | undefined>

export interface Updated<Value> {
  readonly value: Value
  readonly stat: Stat
}

type Options = UpdateOptions &
  CodecOption<ClientCodec> & { readonly create?: boolean | UpdateCreateOptions }

const triesMaxDefault = 20

export interface UpdateParts {
  readonly caller: Caller
  readonly codecs: PathCodecs
  readonly creates: CreateCalls
}

export async function update(
  parts: UpdateParts,
  path: string,
  change: Change<unknown, unknown, Stat | undefined>,
  options: Options,
): Promise<Updated<unknown>> {
  return new Update(parts, path, options).run(change)
}

class Update {
  readonly #parts: UpdateParts
  readonly #node: NodePath
  readonly #options: Options
  readonly #budget: CallBudget

  /** @throws ZooKeeperError BadArguments for what is no path */
  constructor(parts: UpdateParts, path: string, options: Options) {
    const { caller } = parts
    this.#parts = parts
    this.#node = caller.chroot.resolve(path)
    this.#options = options
    this.#budget = new CallBudget(caller.shared.world.clock, caller.limited(options))
  }

  async run(change: Change<unknown, unknown, Stat | undefined>): Promise<Updated<unknown>> {
    const { triesMax = triesMaxDefault } = this.#options
    const path = this.#node.client
    for (let tries = 1; ; tries++) {
      const present = await this.#read()
      const value = await change(present?.value, present?.stat)
      if (value === undefined) return present ?? this.#nothingToLeave()
      const stat =
        present === undefined ? await this.#create(value) : await this.#set(value, present.stat)
      if (stat !== undefined) return { value, stat }
      if (tries >= triesMax) throw this.#tooBusy(tries)
      const { random } = this.#parts.caller.shared.world
      await this.#budget.pause(backOffMs(random, tries), { op: 'update', path })
    }
  }

  /** Undefined if there is no node, and one is to be created. */
  async #read(): Promise<Updated<unknown> | undefined> {
    const { caller, codecs } = this.#parts
    const path = this.#node.client
    try {
      const { data, stat } = await caller.call(this.#budget.limits, () =>
        operations.getData(this.#node, false),
      )
      return { value: codecs.decode(path, data, this.#options.codec), stat }
    } catch (error) {
      if (this.#options.create && isCode(error, 'NoNode')) return undefined
      throw error
    }
  }

  /** Undefined if somebody else has created the node. */
  async #create(value: unknown): Promise<Stat | undefined> {
    const { create, codec } = this.#options
    const wanted = typeof create === 'object' ? create : {}
    const coded = codec === undefined ? {} : { codec }
    try {
      const limits = this.#budget.limits
      const created = await this.#parts.creates.createWithStat(this.#node.client, value, {
        ...wanted,
        ...coded,
        ...limits,
      })
      return created.stat
    } catch (error) {
      if (isCode(error, 'NodeExists')) return undefined
      throw error
    }
  }

  /** Undefined if somebody else has written, or the node is gone. */
  async #set(value: unknown, read: Stat): Promise<Stat | undefined> {
    const { caller, codecs } = this.#parts
    const data = codecs.encode(this.#node.client, value, this.#options.codec)
    try {
      return await caller.set(this.#node, data, read.version, this.#budget.limits)
    } catch (error) {
      if (isCode(error, 'BadVersion')) return undefined
      if (isCode(error, 'NoNode') && this.#options.create) return undefined
      if (!isCode(error, 'ConnectionLoss') || error.applied === 'no') throw error
      if (await this.#mayHaveWritten(data, read)) throw error
      return undefined
    }
  }

  /**
   * Whether a write with this version may have been made. It was not if the version is the same behind a sync, which
   * whatever was under way comes before, and if the next version holds something else.
   */
  async #mayHaveWritten(data: Uint8Array | null, read: Stat): Promise<boolean> {
    const { caller } = this.#parts
    try {
      const [, now] = await Promise.all([
        caller.call(this.#budget.limits, () => operations.sync(this.#node)),
        caller.call(this.#budget.limits, () => operations.getData(this.#node, false)),
      ])
      if (now.stat.czxid !== read.czxid) return true
      if (now.stat.version === read.version) return false
      return now.stat.version !== read.version + 1 || bytesEqual(now.data ?? none, data ?? none)
    } catch (error) {
      if (isCode(error, 'NoNode')) return true
      throw inDoubt(error, { op: 'setData', path: this.#node.client })
    }
  }

  #nothingToLeave(): never {
    throw new ZooKeeperError('NoNode', { op: 'update', path: this.#node.client })
  }

  #tooBusy(tries: number): ZooKeeperError {
    const path = this.#node.client
    const message = `${path} was written by others in each of ${tries} tries to update it. Raise triesMax, or make fewer write at once.`
    return new ZooKeeperError('BadVersion', { op: 'update', path, message })
  }
}

const none = new Uint8Array(0)

function isCode(error: unknown, code: ZooKeeperError['code']): error is ZooKeeperError {
  return error instanceof ZooKeeperError && error.code === code
}
