/** Several changes that are made together or not at all: a builder, and the meaning of its reply. */
import { ErrorCode, type MultiOp, type MultiResult, OpCode, type Stat } from '@quorate/protocol'
import type { CallOptions } from './call.ts'
import type { Chroot } from './chroot.ts'
import type { ClientCodec, CodecOption, PathCodecs, ValueAt } from './codecs-by-path.ts'
import { createFlags, type CreateOptions } from './create-options.ts'
import { createBody, type NodePath } from './operations.ts'
import { errorCodeOf, ZooKeeperError } from './zookeeper-error.ts'

export interface VersionOptions {
  /** The version that the node must have; −1 (the default) is any. */
  readonly version?: number
}

/** What a transaction needs of its client. */
export interface TransactionHost {
  readonly chroot: Chroot
  readonly codecs: PathCodecs
  multi(ops: readonly MultiOp[], options: CallOptions): Promise<readonly MultiResult[]>
}

/**
 * Collects operations; `commit` sends them. `Results` is the tuple of their results in order: a path for a create, a
 * Stat for a set, undefined for a delete and a check.
 */
export class Transaction<C extends ClientCodec, Results extends readonly unknown[] = []> {
  readonly #host: TransactionHost
  readonly #ops: MultiOp[] = []
  readonly #paths: string[] = []

  constructor(host: TransactionHost) {
    this.#host = host
  }

  /** @throws ZooKeeperError BadArguments or InvalidValue, at once */
  create<P extends string, K extends ClientCodec = C>(
    path: P,
    value?: ValueAt<K, P>,
    options: CreateOptions & CodecOption<K> = {},
  ): Transaction<C, [...Results, string]> {
    const node = this.#host.chroot.resolve(path, options.sequential)
    const data =
      value === undefined ? new Uint8Array(0) : this.#host.codecs.encode(path, value, options.codec)
    return this.#add(node, createBody(node, { ...createFlags(path, options), data }))
  }

  set<P extends string, K extends ClientCodec = C>(
    path: P,
    value: ValueAt<K, P>,
    { version = -1, codec }: VersionOptions & CodecOption<K> = {},
  ): Transaction<C, [...Results, Stat]> {
    const node = this.#host.chroot.resolve(path)
    const data = this.#host.codecs.encode(path, value, codec)
    return this.#add(node, { type: OpCode.setData, path: node.server, data, version })
  }

  delete(
    path: string,
    { version = -1 }: VersionOptions = {},
  ): Transaction<C, [...Results, undefined]> {
    const node = this.#host.chroot.resolve(path)
    return this.#add(node, { type: OpCode.delete, path: node.server, version })
  }

  /** Makes the transaction depend on a node's version without changing the node. */
  check(path: string, version: number): Transaction<C, [...Results, undefined]> {
    const node = this.#host.chroot.resolve(path)
    return this.#add(node, { type: OpCode.check, path: node.server, version })
  }

  /** @throws ZooKeeperError with the code of the operation that failed, and its `index` */
  async commit(options: CallOptions = {}): Promise<Results> {
    const results = await this.#host.multi(this.#ops, options)
    const failure = multiFailure(results, this.#paths)
    if (failure !== undefined) throw failure
    return results.map((result) => this.#resultOf(result)) as unknown as Results
  }

  #add<More extends readonly unknown[]>(node: NodePath, op: MultiOp): Transaction<C, More> {
    this.#paths.push(node.client)
    this.#ops.push(op)
    return this as unknown as Transaction<C, More>
  }

  #resultOf(result: MultiResult): unknown {
    switch (result.type) {
      case 1:
      case 15:
        return this.#host.chroot.toClient(result.path)
      case 5:
        return result.stat
      default:
        return undefined
    }
  }
}

/** @returns what made a multi fail, if it did, with the path and the position of the operation */
export function multiFailure(
  results: readonly MultiResult[],
  paths: readonly string[],
): ZooKeeperError | undefined {
  for (const [index, result] of results.entries())
    if (result.type === -1 && isCulprit(result.err))
      return new ZooKeeperError(errorCodeOf(result.err), { op: 'multi', path: paths[index], index })
  return undefined
}

/** Those before the one that failed are told as Ok, those after it as RuntimeInconsistency. */
function isCulprit(err: number): boolean {
  return err !== ErrorCode.Ok && err !== ErrorCode.RuntimeInconsistency
}
