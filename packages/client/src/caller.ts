/**
 * How the calls of one view reach the session that it shares with others: by its own root, with its own default
 * deadline, until it is closed.
 */
import { type MultiOp, type MultiResult, OpCode, type Stat } from '@quorate/protocol'
import type { CallOptions, Operation } from './call.ts'
import type { Chroot } from './chroot.ts'
import * as operations from './operations.ts'
import type { NodePath } from './operations.ts'
import type { ReadOptions } from './options.ts'
import type { SharedSession } from './shared-session.ts'
import { ZooKeeperError } from './zookeeper-error.ts'

export class Caller {
  readonly shared: SharedSession
  readonly chroot: Chroot
  readonly #deadlineMs: number | undefined
  #isClosed = false

  constructor(shared: SharedSession, chroot: Chroot, deadlineMs: number | undefined) {
    this.shared = shared
    this.chroot = chroot
    this.#deadlineMs = deadlineMs
  }

  get deadlineMs(): number | undefined {
    return this.#deadlineMs
  }

  /** What `operation` throws rejects the promise. */
  call<T>(options: CallOptions, operation: () => Operation<T>): Promise<T> {
    try {
      this.#requireOpen()
      return this.shared.session.submit(operation(), this.limited(options))
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** As {@link call}, for a read at the level that the options name. */
  read<T>(options: ReadOptions, operation: () => Operation<T>): Promise<T> {
    return this.call(
      options,
      options.read === 'linearizable'
        ? () => ({ ...operation(), isLinearizable: true })
        : operation,
    )
  }

  set(
    node: NodePath,
    data: Uint8Array | null,
    version: number,
    options: CallOptions,
  ): Promise<Stat> {
    return this.shared.kept.following(
      this.call(options, () => operations.setData(node, data, version)),
      () => [{ type: OpCode.setData, path: node.server, data, version }],
    )
  }

  multi(ops: readonly MultiOp[], options: CallOptions): Promise<readonly MultiResult[]> {
    return this.shared.kept.following(
      this.call(options, () => operations.multi(ops)),
      () => ops,
      (results) => results.every(({ type }) => type !== -1),
    )
  }

  /** Claims an identity for the session, on this connection and on all later ones. */
  async authenticate(scheme: string, auth: Uint8Array | null, options: CallOptions): Promise<void> {
    this.#requireOpen()
    await this.shared.session.authenticate(scheme, auth, this.limited(options))
  }

  /** The options with the view's deadline where they give none. */
  limited(options: CallOptions): CallOptions {
    if (this.#deadlineMs === undefined || options.deadlineMs !== undefined) return options
    return { ...options, deadlineMs: this.#deadlineMs }
  }

  /** Calls that are made later are rejected; those that are on their way are settled as ever. */
  close(): void {
    this.#isClosed = true
  }

  #requireOpen(): void {
    if (this.#isClosed) throw new ZooKeeperError('Closed')
  }
}
