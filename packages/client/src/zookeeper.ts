/**
 * The client: one object for one session, or for a view of one. It connects when the first call is made, and every
 * promise it gives is settled. Methods do not throw: what is wrong with the arguments rejects the promise as well.
 */
import {
  type Acl,
  type ClientInfo,
  OpCode,
  type SessionId,
  type Stat,
  utf8Encode,
  type Zxid,
} from '@quorate/protocol'
import { type CallOptions, withResult } from './call.ts'
import { Caller } from './caller.ts'
import type { Change } from './change.ts'
import { type Child, readChildren } from './children-values.ts'
import {
  type ChildPath,
  type ClientCodec,
  type CodecOption,
  PathCodecs,
  type ValueAt,
} from './codecs-by-path.ts'
import { CreateCalls, type CreatedNode } from './create-calls.ts'
import { Emitter } from './emitter.ts'
import type { KeptEphemerals } from './kept-ephemerals.ts'
import { type Membership, readMembership, reconfigure } from './membership-calls.ts'
import { type ReadRequest, type ReadResults, readOp, readResult } from './multi-read.ts'
import { newSession, type ViewOrigin } from './new-session.ts'
import type { Watched } from './one-shot-watch.ts'
import * as operations from './operations.ts'
import type {
  AddWatchOptions,
  ClientOptions,
  CreateOptions,
  DeleteOptions,
  ReadOptions,
  ReconfigOptions,
  RemoveWatchesOptions,
  SetOptions,
  ViewOptions,
  WatchOptions,
  WatchStreamOptions,
} from './options.ts'
import type { Rebuild, SessionRenewal } from './renewal.ts'
import type { Session } from './session.ts'
import type { SessionIdentity, SessionState, StateChange } from './session-state.ts'
import { removeSubtree, subtreeOf } from './subtree-calls.ts'
import { Transaction } from './transaction.ts'
import {
  type Change as ValueChange,
  update,
  type UpdateCreateOptions,
  type Updated,
  type UpdateOptions,
} from './update-calls.ts'
import { isWatched, WatchCalls } from './watch-calls.ts'
import type { WatchStream } from './watch-stream.ts'
import type { World } from './world.ts'
import { ZooKeeperError } from './zookeeper-error.ts'

export interface ValueWithStat<V> {
  readonly value: V
  readonly stat: Stat
}

export type OnExpired<C extends ClientCodec> = (
  zk: ZooKeeper<C>,
  renewal: SessionRenewal,
) => Promise<void> | void

export interface ZooKeeperOptions<C extends ClientCodec> extends ClientOptions<C> {
  /**
   * What to do when the session has expired. `'end'` (the default): the client stays expired. `'renew'`: it makes a new
   * session, and puts its watches and the ephemeral nodes that were created with `keep` back; streams get a gap. A
   * function is called once that is done, with the client and what was lost, to rebuild the rest; other calls do not wait
   * for it. It is called again when it fails with an error that is `retryable`; with any other the client is closed.
   */
  readonly onExpired?: 'end' | 'renew' | OnExpired<C>
}

export interface ZooKeeperEvents {
  /** A watch fired, whichever call of this object set it. */
  readonly change: Change
  readonly state: StateChange
  /** A new session has taken the place of a lost one, and is rebuilt; see the option `onExpired`. */
  readonly renewed: SessionRenewal
}

export class ZooKeeper<C extends ClientCodec = 'utf8'> implements AsyncDisposable {
  readonly #caller: Caller
  readonly #codecs: PathCodecs
  readonly #creates: CreateCalls
  readonly #watchCalls: WatchCalls
  readonly #changes = new Emitter<Pick<ZooKeeperEvents, 'change'>>()
  readonly #isView: boolean

  /**
   * @param origin the servers as a connect string; {@link chroot} gives a session to share instead
   * @throws ZooKeeperError BadArguments for a connect string that cannot be used
   */
  constructor(origin: string | ViewOrigin, options: ZooKeeperOptions<C>, world: World) {
    const { shared, chroot } =
      typeof origin === 'string'
        ? newSession(origin, options, this.#rebuild(options), world)
        : origin
    this.#isView = typeof origin !== 'string'
    this.#caller = new Caller(shared, chroot, options.deadlineMs)
    this.#codecs = new PathCodecs(options.codec ?? 'utf8', world.platform)
    this.#creates = new CreateCalls(this.#caller, this.#codecs)
    this.#watchCalls = new WatchCalls(this.#caller, (change) =>
      this.#changes.emit('change', change),
    )
  }

  /** What the client runs on. Recipes take their clock and their random numbers from it. */
  get world(): World {
    return this.#caller.shared.world
  }

  get state(): SessionState {
    return this.#session.state
  }

  /** Undefined until the first connection. */
  get sessionId(): SessionId | undefined {
    return this.#session.identity?.id
  }

  /** Whoever has it and the id can take the session over. */
  get sessionPassword(): Uint8Array | undefined {
    return this.#session.identity?.password
  }

  /** The negotiated session timeout in ms. */
  get timeout(): number {
    return this.#session.timeoutMs
  }

  /** Whether the server of the present connection takes no changes. */
  get isReadOnly(): boolean {
    return this.#session.isReadOnly
  }

  /** The latest transaction that a server told of. No later answer of this client is older. */
  get lastZxid(): Zxid {
    return this.#session.seen.last
  }

  /**
   * Every event of this client's watches up to this transaction has been received. Of the latest transaction that fired one, others
   * may still come until a server has answered something behind them.
   */
  get completeZxid(): Zxid {
    return this.#session.seen.complete
  }

  /**
   * When the latest request went out that a server has answered, on the clock of the world. From then on the servers let the
   * session live for `timeout`; what waited for a process that stood still makes it no later.
   */
  get confirmedAtMs(): number {
    return this.#session.confirmedAtMs
  }

  /** Returns the function that takes the listener away again. */
  on<E extends keyof ZooKeeperEvents>(
    event: E,
    listener: (value: ZooKeeperEvents[E]) => void,
  ): () => void {
    return event === 'change'
      ? this.#changes.on('change', listener as (value: Change) => void)
      : this.#caller.shared.events.on(
          event,
          listener as (value: StateChange | SessionRenewal) => void,
        )
  }

  /**
   * Resolves when no more than half of the calls and bytes are pending that may be (`pendingMax`, `pendingBytesMax`), or
   * the session has ended: for a loop that makes more calls than a server answers.
   */
  drained(): Promise<void> {
    return this.#session.drained()
  }

  /** Connects without waiting for the first call. */
  connect(): void {
    this.#session.open()
  }

  /**
   * The node as the root of an object with the same calls, on the same session. It has a codec of its own, utf8 if none
   * is given, and hears of its own watches alone. Closing it ends its streams and its calls, and not the session.
   * @throws ZooKeeperError BadArguments for what is no path
   */
  chroot<V extends ClientCodec = 'utf8'>(path: string, options: ViewOptions<V> = {}): ZooKeeper<V> {
    const { shared, chroot, deadlineMs } = this.#caller
    const origin = { shared, chroot: chroot.below(path) }
    const own = options.deadlineMs ?? deadlineMs
    const limits = own === undefined ? {} : { deadlineMs: own }
    return new ZooKeeper<V>(origin, { ...options, ...limits }, this.world)
  }

  /**
   * Ends the session: its ephemeral nodes go, streams end, and calls that are made later are rejected. On a view of
   * {@link chroot} it ends the view alone. At the deadline the connection is left without the server's answer.
   */
  async close(options: CallOptions = {}): Promise<void> {
    if (!this.#isView) return this.#caller.shared.close(this.#caller.limited(options))
    this.#caller.close()
    await this.#watchCalls.close()
  }

  /**
   * Ends this object, and not the session: it lives on for its timeout, with its ephemeral nodes, for another client to
   * take it over (`session`). Two clients that both use one session take it from each other again and again.
   * @throws ZooKeeperError Closed when there is no session to give
   */
  async handOver(options: CallOptions = {}): Promise<SessionIdentity> {
    const identity = await this.#caller.shared.handOver(this.#caller.limited(options))
    if (identity !== undefined && this.state === 'closed') return identity
    throw new ZooKeeperError('Closed', { message: 'there is no session to hand over.' })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /**
   * Creates a node. Without a value it has no data, whatever the codec.
   * @returns the node's path, which the server chooses the end of when the node is sequential
   * @throws ZooKeeperError NodeExists; NoNode when the parent is missing and `createParents` is not set;
   *   NoChildrenForEphemerals; NoAuth; InvalidValue; BadArguments for options that exclude each other
   */
  create<P extends string, K extends ClientCodec = C>(
    path: P,
    value?: ValueAt<K, P>,
    options: CreateOptions & CodecOption<K> = {},
  ): Promise<string> {
    return this.#creates.create(path, value, options)
  }

  /** As {@link create}, with the new node's Stat. */
  createWithStat<P extends string, K extends ClientCodec = C>(
    path: P,
    value?: ValueAt<K, P>,
    options: CreateOptions & CodecOption<K> = {},
  ): Promise<CreatedNode> {
    return this.#creates.createWithStat(path, value, options)
  }

  /**
   * The value alone; {@link getWithStat} has its version.
   * @throws ZooKeeperError NoNode; NoAuth; InvalidValue when the data does not fit the codec
   */
  get<P extends string, K extends ClientCodec = C>(
    path: P,
    options: WatchOptions & CodecOption<K> = {},
  ): Promise<ValueAt<K, P>> {
    return this.#caller.read(options, () => {
      const node = this.#caller.chroot.resolve(path)
      const answered = this.#watchCalls.ofRead('data', node, options)
      const decode = (data: Uint8Array | null): ValueAt<K, P> =>
        this.#codecs.decode(path, data, options.codec) as ValueAt<K, P>
      return operations.getValue(node, isWatched(options), decode, answered)
    })
  }

  /** The value and the Stat it was read with. @throws as {@link get} */
  getWithStat<P extends string, K extends ClientCodec = C>(
    path: P,
    options: WatchOptions & CodecOption<K> = {},
  ): Promise<ValueWithStat<ValueAt<K, P>>> {
    return this.#caller.read(options, () => {
      const node = this.#caller.chroot.resolve(path)
      const answered = this.#watchCalls.ofRead('data', node, options)
      return withResult(
        operations.getData(node, isWatched(options), answered),
        ({ data, stat }) => ({
          value: this.#codecs.decode(path, data, options.codec) as ValueAt<K, P>,
          stat,
        }),
      )
    })
  }

  /**
   * Writes a value, whatever is there, or only over `version`.
   * @returns the new Stat
   * @throws ZooKeeperError NoNode; BadVersion; NoAuth; InvalidValue, before anything is sent
   */
  set<P extends string, K extends ClientCodec = C>(
    path: P,
    value: ValueAt<K, P>,
    options: SetOptions & CodecOption<K> = {},
  ): Promise<Stat> {
    try {
      const node = this.#caller.chroot.resolve(path)
      const data = this.#codecs.encode(path, value, options.codec)
      return this.#caller.set(node, data, options.version ?? -1, options)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /**
   * Changes the value by what it is: `change` gets it and gives the new one, or undefined to leave it. When others write
   * meanwhile it is called again, so it should do nothing else. With `create` it gets undefined if there is no node.
   * Deadline and signal are for the whole.
   * @returns the value that was written, or found and left, and its Stat
   * @throws ZooKeeperError BadVersion after `triesMax` tries; NoNode without `create`; what `change` throws
   */
  update<P extends string, K extends ClientCodec = C>(
    path: P,
    change: ValueChange<ValueAt<K, P>, ValueAt<K, P>, Stat>,
    options?: UpdateOptions & CodecOption<K> & { readonly create?: false },
  ): Promise<Updated<ValueAt<K, P>>>
  update<P extends string, K extends ClientCodec = C>(
    path: P,
    change: ValueChange<ValueAt<K, P>, ValueAt<K, P> | undefined, Stat | undefined>,
    options: UpdateOptions & CodecOption<K> & { readonly create: boolean | UpdateCreateOptions },
  ): Promise<Updated<ValueAt<K, P>>>
  update<V>(
    path: string,
    change: ValueChange<V, V, Stat>,
    options: UpdateOptions & { readonly create?: boolean | UpdateCreateOptions } = {},
  ): Promise<Updated<V>> {
    const parts = { caller: this.#caller, codecs: this.#codecs, creates: this.#creates }
    const untyped = change as ValueChange<unknown, unknown, Stat | undefined>
    return update(parts, path, untyped, options) as Promise<Updated<V>>
  }

  /**
   * Deletes a node, of any version or of `version` only; with `recursive` what is below it first, in transactions of
   * `batchSize` nodes.
   * @throws ZooKeeperError NoNode; BadVersion; NotEmpty without `recursive`; NoAuth
   */
  delete(path: string, options: DeleteOptions = {}): Promise<void> {
    if (options.recursive) return removeSubtree(this.#caller, path, options)
    const { version = -1 } = options
    const deleted = this.#caller.call(options, () =>
      operations.remove(this.#caller.chroot.resolve(path), version),
    )
    const server = this.#caller.chroot.toServer(path)
    return this.#kept.following(deleted, () => [{ type: OpCode.delete, path: server, version }])
  }

  /** @returns null when there is no such node; a watch then tells its creation */
  exists(path: string, options: WatchOptions = {}): Promise<Stat | null> {
    return this.#caller.read(options, () => {
      const node = this.#caller.chroot.resolve(path)
      const answered = this.#watchCalls.ofExists(node, options)
      return operations.exists(node, isWatched(options), answered)
    })
  }

  /**
   * Names, not paths, in no particular order, and all of them in one reply: no server gives them in pages.
   * @throws ZooKeeperError NoNode; ReplyTooLarge
   */
  children(path: string, options: WatchOptions = {}): Promise<readonly string[]> {
    return this.#caller.read(options, () => {
      const node = this.#caller.chroot.resolve(path)
      const answered = this.#watchCalls.ofRead('child', node, options)
      return operations.getChildren(node, isWatched(options), answered)
    })
  }

  /** As {@link children}, with the Stat of the node itself. */
  childrenWithStat(
    path: string,
    options: WatchOptions = {},
  ): Promise<{ readonly children: readonly string[]; readonly stat: Stat }> {
    return this.#caller.read(options, () => {
      const node = this.#caller.chroot.resolve(path)
      const answered = this.#watchCalls.ofRead('child', node, options)
      return operations.getChildrenWithStat(node, isWatched(options), answered)
    })
  }

  /**
   * The children with their values, in the order of their names. Not the picture of one moment: those that go meanwhile are
   * left out.
   * @throws ZooKeeperError NoNode if there is no such node; InvalidValue or NoAuth when one child cannot be read
   */
  childrenWithValues<P extends string, K extends ClientCodec = C>(
    path: P,
    options: ReadOptions & CodecOption<K> = {},
  ): Promise<readonly Child<ValueAt<K, ChildPath<P>>>[]> {
    return readChildren(this.#caller, this.#codecs, path, options) as Promise<
      readonly Child<ValueAt<K, ChildPath<P>>>[]
    >
  }

  /** The paths of the node and of all below it, each after its parent. Not the picture of one moment. @throws ZooKeeperError NoNode */
  subtree(path: string, options: CallOptions = {}): Promise<readonly string[]> {
    return subtreeOf(this.#caller, path, options)
  }

  /** Who may do what on the node, and its Stat, whose `aversion` {@link setAcl} may depend on. @throws ZooKeeperError NoNode */
  getAcl(
    path: string,
    options: ReadOptions = {},
  ): Promise<{ readonly acl: readonly Acl[]; readonly stat: Stat }> {
    return this.#caller.read(options, () =>
      withResult(operations.getAcl(this.#caller.chroot.resolve(path)), ({ acl, stat }) => ({
        acl: acl ?? [],
        stat,
      })),
    )
  }

  /** `version` is the ACL's own version (aversion). @throws ZooKeeperError NoNode; BadVersion; InvalidACL; NoAuth */
  setAcl(path: string, acl: readonly Acl[], options: SetOptions = {}): Promise<Stat> {
    return this.#caller.call(options, () =>
      operations.setAcl(this.#caller.chroot.resolve(path), acl, options.version ?? -1),
    )
  }

  /** Resolves when the server has caught up with all that the leader had committed. */
  sync(path = '/', options: CallOptions = {}): Promise<void> {
    return this.#caller.call(options, () => operations.sync(this.#caller.chroot.resolve(path)))
  }

  /** Changes that are made together or not at all; nothing is sent before its `commit()`. */
  transaction(): Transaction<C> {
    return new Transaction<C>({
      chroot: this.#caller.chroot,
      codecs: this.#codecs,
      multi: (ops, options) => this.#caller.multi(ops, options),
    })
  }

  /** Each read has its own outcome, in the order of the requests: look at `error` first (NoNode, NoAuth, InvalidValue …). */
  multiRead<const R extends readonly ReadRequest[]>(
    requests: R,
    options: ReadOptions = {},
  ): Promise<ReadResults<C, R>> {
    return this.#caller.read(options, () =>
      withResult(
        operations.multiRead(requests.map((request) => readOp(request, this.#caller.chroot))),
        (results) =>
          requests.map((request, i) =>
            readResult(request, results[i], this.#codecs),
          ) as unknown as ReadResults<C, R>,
      ),
    )
  }

  /**
   * Claims an identity, on this connection and on all later ones of the session: `addAuth('digest', 'user:password')`.
   * @throws ZooKeeperError AuthFailed when the server knows no such scheme
   */
  async addAuth(
    scheme: string,
    auth: string | Uint8Array | null,
    options: CallOptions = {},
  ): Promise<void> {
    const bytes = typeof auth === 'string' ? utf8Encode(auth) : auth
    await this.#caller.authenticate(scheme, bytes, options)
  }

  /** The identities that the server has for this connection. Servers since 3.7 tell. @throws ZooKeeperError Unimplemented */
  whoAmI(options: CallOptions = {}): Promise<readonly ClientInfo[]> {
    return this.#caller.call(options, () => operations.whoAmI())
  }

  /** The paths of the ephemeral nodes of this session that start with `prefix`. Servers since 3.6 tell. */
  ephemerals(prefix = '/', options: CallOptions = {}): Promise<readonly string[]> {
    return this.#caller.call(options, () =>
      withResult(operations.getEphemerals(this.#caller.chroot.resolve(prefix, true)), (paths) =>
        paths.map((path) => this.#caller.chroot.toClient(path)),
      ),
    )
  }

  /** How many nodes are below the path, at any depth. Servers since 3.6 tell. */
  allChildrenNumber(path: string, options: ReadOptions = {}): Promise<number> {
    return this.#caller.read(options, () =>
      operations.getAllChildrenNumber(this.#caller.chroot.resolve(path)),
    )
  }

  /**
   * The value, and a promise of its next change: nothing is missed between the two. Leaving the scope of `await using`
   * takes the watch away.
   *
   *     await using config = await zk.getAndWatch('/config')
   *     apply(config.value)
   *     await config.changed
   */
  getAndWatch<P extends string, K extends ClientCodec = C>(
    path: P,
    options: ReadOptions & CodecOption<K> = {},
  ): Promise<ValueWithStat<ValueAt<K, P>> & Watched> {
    return this.#watchCalls.once(path, 'data', (watch) =>
      this.getWithStat<P, K>(path, { ...options, watch }),
    )
  }

  /** As {@link getAndWatch}: the next change may be the node's creation. */
  existsAndWatch(
    path: string,
    options: ReadOptions = {},
  ): Promise<{ readonly stat: Stat | null } & Watched> {
    return this.#watchCalls.once(path, 'data', async (watch) => ({
      stat: await this.exists(path, { ...options, watch }),
    }))
  }

  /** As {@link getAndWatch}: the next change is that of the list, or the node's end. */
  childrenAndWatch(
    path: string,
    options: ReadOptions = {},
  ): Promise<{ readonly children: readonly string[]; readonly stat: Stat } & Watched> {
    return this.#watchCalls.once(path, 'child', (watch) =>
      this.childrenWithStat(path, { ...options, watch }),
    )
  }

  /** Sets a watch that stays until it is removed. See {@link watch} for one that is read as a stream. */
  addWatch(path: string, options: AddWatchOptions = {}): Promise<void> {
    return this.#watchCalls.addWatch(path, options)
  }

  /** @throws ZooKeeperError NoWatcher when there is none */
  removeWatches(path: string, options: RemoveWatchesOptions = {}): Promise<void> {
    return this.#watchCalls.removeWatches(path, options)
  }

  /** The changes of a node, or of all below it, until the loop is left. What is read after this call is not missed. */
  watch(path: string, options: WatchStreamOptions = {}): WatchStream {
    return this.#watchCalls.watch(path, options)
  }

  /** The ensemble's membership, as `/zookeeper/config` holds it. */
  getConfig(options: WatchOptions = {}): Promise<Membership> {
    return readMembership(this.#caller, this.#watchCalls, options)
  }

  /**
   * Changes the ensemble's membership: by what joins and leaves, or as a whole (`members`).
   * @returns the new membership
   * @throws ZooKeeperError ReconfigDisabled; NoAuth; BadVersion; NewConfigNoQuorum; ReconfigInProgress; BadArguments
   */
  reconfig(options: ReconfigOptions): Promise<Membership> {
    return reconfigure(this.#caller, options)
  }

  get #session(): Session {
    return this.#caller.shared.session
  }

  #rebuild({ onExpired = 'end' }: ZooKeeperOptions<C>): Rebuild | undefined {
    if (onExpired === 'end') return undefined
    return onExpired === 'renew' ? () => {} : (renewal) => onExpired(this, renewal)
  }

  get #kept(): KeptEphemerals {
    return this.#caller.shared.kept
  }
}
