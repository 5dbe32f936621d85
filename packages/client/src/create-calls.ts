/**
 * The creates of one view: plain ones, with the parents that are missing, and protected ones that find their node again
 * when the answer was lost.
 *
 * 1. What is written is taken when the call is made, however many requests it takes.
 * 2. A protected node that is found counts as created only if it is no ephemeral of another session: a node that a lost
 *    session left behind is about to go (CURATOR-498).
 * 3. Before it is looked for, the server is asked to catch up; a create that was under way on another server is then
 *    carried out or will never be.
 */
import type { Acl, Stat } from '@quorate/protocol'
import { type Operation, withResult } from './call.ts'
import { CallBudget } from './call-budget.ts'
import type { Caller } from './caller.ts'
import type { ClientCodec, CodecOption, PathCodecs } from './codecs-by-path.ts'
import { createFlags, requireKeepable } from './create-options.ts'
import * as operations from './operations.ts'
import type { CreateArguments, NodePath } from './operations.ts'
import type { CreateOptions } from './options.ts'
import { protectedPath } from './protection.ts'
import { childPath } from './subtree.ts'
import { inDoubt, ZooKeeperError } from './zookeeper-error.ts'

export interface CreatedNode {
  readonly path: string
  readonly stat: Stat
}

type Options = CreateOptions & CodecOption<ClientCodec>

/** What is asked for and what it gives. */
interface Kind<T> {
  operation(node: NodePath, wanted: CreateArguments): Operation<T>
  /** The same of a node that was created earlier, and may be gone again. */
  ofFound(path: string, stat: Stat | null): T
}

interface FoundNode {
  readonly path: string
  /** Null if it was deleted meanwhile. */
  readonly stat: Stat | null
}

/** Parents may go again while their children are made, as containers do, and connections may be lost again. */
const roundsMax = 10

export class CreateCalls {
  readonly #caller: Caller
  readonly #codecs: PathCodecs

  constructor(caller: Caller, codecs: PathCodecs) {
    this.#caller = caller
    this.#codecs = codecs
  }

  create(path: string, value: unknown, options: Options): Promise<string> {
    return this.#run(path, value, options, {
      operation: (node, wanted) =>
        withResult(operations.create(node, wanted), (created) =>
          this.#caller.chroot.toClient(created),
        ),
      ofFound: (found) => found,
    })
  }

  createWithStat(path: string, value: unknown, options: Options): Promise<CreatedNode> {
    return this.#run(path, value, options, {
      operation: (node, wanted) =>
        withResult(operations.createWithStat(node, wanted), (created) => ({
          path: this.#caller.chroot.toClient(created.path),
          stat: created.stat,
        })),
      ofFound(found, stat) {
        if (stat === null) throw new ZooKeeperError('NoNode', { op: 'create', path: found })
        return { path: found, stat }
      },
    })
  }

  #run<T>(path: string, value: unknown, options: Options, kind: Kind<T>): Promise<T> {
    const created =
      options.createParents || options.protected
        ? this.#inSteps(path, value, options, kind)
        : this.#caller.call(options, () => kind.operation(...this.#arguments(path, value, options)))
    return options.keep ? this.#keeping(created, path, value, options) : created
  }

  async #inSteps<T>(path: string, value: unknown, options: Options, kind: Kind<T>): Promise<T> {
    const { chroot, shared } = this.#caller
    const { clock, random } = shared.world
    const [node, { data, ...flags }] = this.#arguments(path, value, options)
    const wanted = { ...flags, data: data?.slice() ?? null }
    const budget = new CallBudget(clock, this.#caller.limited(options))
    let guard = options.protected ? protectedPath(path, random) : undefined
    let parentsFailure: unknown
    for (let round = 1; ; round++) {
      try {
        const at = guard === undefined ? node : chroot.resolve(guard.path, options.sequential)
        return await this.#caller.call(budget.limits, () => kind.operation(at, wanted))
      } catch (error) {
        if (!(error instanceof ZooKeeperError) || round === roundsMax) throw error
        if (error.code === 'NoNode' && options.createParents) {
          if (parentsFailure !== undefined) throw parentsFailure
          parentsFailure = await this.#createParents(node, wanted.acl, budget)
        } else if (guard !== undefined && wasLost(error)) {
          const found = await this.#find(guard, budget)
          if (found !== undefined && this.#isOwn(found, options))
            return kind.ofFound(found.path, found.stat)
          if (found !== undefined) guard = protectedPath(path, random)
        } else throw error
      }
    }
  }

  /** All that may be missing, in one batch. @returns why one of them could not be created, if it matters */
  async #createParents(node: NodePath, acl: readonly Acl[], budget: CallBudget): Promise<unknown> {
    const created = await Promise.allSettled(
      parentsOf(node.server).map((server) =>
        this.#caller.call(budget.limits, () => {
          const parent = { server, client: this.#caller.chroot.toClient(server) }
          const { mode, ttl } = createFlags(parent.client, {})
          return operations.create(parent, { mode, ttl, acl, data: new Uint8Array(0) })
        }),
      ),
    )
    return created
      .filter((outcome) => outcome.status === 'rejected')
      .map(({ reason }) => reason as ZooKeeperError)
      .find(({ code }) => code !== 'NodeExists' && code !== 'ConnectionLoss')
  }

  async #find(guard: Guard, budget: CallBudget): Promise<FoundNode | undefined> {
    const { chroot } = this.#caller
    const parentPath = guard.path.slice(0, Math.max(1, guard.path.lastIndexOf('/')))
    const parent = chroot.resolve(parentPath)
    try {
      const [, names] = await Promise.all([
        this.#caller.call(budget.limits, () => operations.sync(parent)),
        this.#caller.call(budget.limits, () => operations.getChildren(parent, false)),
      ])
      const name = names.find((child) => child.startsWith(guard.prefix))
      if (name === undefined) return undefined
      const path = childPath(parentPath, name)
      const node = chroot.resolve(path)
      const stat = await this.#caller.call(budget.limits, () => operations.exists(node, false))
      return { path, stat }
    } catch (error) {
      throw inDoubt(error, { op: 'create', path: guard.path })
    }
  }

  #isOwn({ stat }: FoundNode, { ephemeral = false }: Options): boolean {
    if (!ephemeral || stat === null) return true
    return stat.ephemeralOwner === this.#caller.shared.session.identity?.id
  }

  #keeping<T>(created: Promise<T>, path: string, value: unknown, options: Options): Promise<T> {
    try {
      return this.#caller.shared.kept.keeping(created, ...this.#arguments(path, value, options))
    } catch {
      // The call was rejected with the same.
      return created
    }
  }

  #arguments(path: string, value: unknown, options: Options): [NodePath, CreateArguments] {
    const node = this.#caller.chroot.resolve(path, options.sequential)
    if (options.keep) requireKeepable(path, options)
    const data =
      value === undefined ? new Uint8Array(0) : this.#codecs.encode(path, value, options.codec)
    return [node, { ...createFlags(path, options), data }]
  }
}

type Guard = ReturnType<typeof protectedPath>

function wasLost({ code, applied }: ZooKeeperError): boolean {
  return code === 'ConnectionLoss' && applied === 'unknown'
}

/** The nodes above, from the top; the root is always there. */
function parentsOf(path: string): readonly string[] {
  const parents: string[] = []
  for (let end = path.indexOf('/', 1); end > 0; end = path.indexOf('/', end + 1))
    parents.push(path.slice(0, end))
  return parents
}
