/**
 * The client: one object for one session. It connects when the first call is made, and every promise it gives is
 * settled. Methods do not throw: what is wrong with the arguments rejects the promise as well.
 */
import {
  type Acl,
  type ClientInfo,
  errorName,
  juteMaxBufferDefault,
  type SessionId,
  type Stat,
  utf8Decode,
  utf8Encode,
  type WatcherEvent,
  WatcherType,
  type Zxid,
} from '@quorate/protocol'
import type { CallOptions, Operation } from './call.ts'
import { type Change, type ChangeListener, changeType } from './change.ts'
import { Chroot } from './chroot.ts'
import { parseConnectString } from './connect-string.ts'
import { createFlags } from './create-options.ts'
import { defer, Emitter } from './emitter.ts'
import { type ReadRequest, type ReadResults, readOp, readResult } from './multi-read.ts'
import * as operations from './operations.ts'
import type { NodePath } from './operations.ts'
import {
  type AddWatchOptions,
  type CreateOptions,
  type DeleteOptions,
  pendingMaxDefault,
  type ReconfigOptions,
  type RemoveWatchesOptions,
  replyBytesMaxDefault,
  type SetOptions,
  timeoutMsDefault,
  type WatchOptions,
  type ZooKeeperOptions,
} from './options.ts'
import { Session, type SessionState, type StateChange } from './session.ts'
import { deleteSubtree, listSubtree, type SubtreeAccess } from './subtree.ts'
import { Transaction } from './transaction.ts'
import { type CodecChoice, type PathValueCodec, type ValueOf, valueCodecOf } from './value-codec.ts'
import { type WatchKind, WatchRegistry } from './watch-registry.ts'
import { WatchStream } from './watch-stream.ts'
import type { World } from './world.ts'
import { ZooKeeperError } from './zookeeper-error.ts'

export interface ZooKeeperEvents {
  /** A watch fired, whichever call set it. */
  readonly change: Change
  readonly state: StateChange
}

/** The membership lives outside of any chroot. */
const configPath: NodePath = { server: '/zookeeper/config', client: '/zookeeper/config' }

/** The listener of watches that only 'change' is told of. */
const onlyEmitted: ChangeListener = () => {}

export class ZooKeeper<C extends CodecChoice = 'utf8'> implements AsyncDisposable {
  readonly #session: Session
  readonly #chroot: Chroot
  readonly #codec: PathValueCodec<ValueOf<C>>
  readonly #watches = new WatchRegistry()
  readonly #streams = new Set<WatchStream>()
  readonly #events = new Emitter<ZooKeeperEvents>()
  readonly #deadlineMs: number | undefined
  /** What the client runs on. Recipes take their clock and their random numbers from it. */
  readonly world: World
  #wasConnected = false

  /** @throws ZooKeeperError BadArguments for a connect string that cannot be used */
  constructor(connectString: string, options: ZooKeeperOptions<C>, world: World) {
    const { servers, chroot } = parseConnectString(connectString)
    this.world = world
    this.#chroot = new Chroot(chroot)
    this.#codec = valueCodecOf((options.codec ?? 'utf8') as C, world.platform)
    this.#deadlineMs = options.deadlineMs
    this.#session = new Session(
      {
        servers,
        timeoutMs: options.timeout ?? timeoutMsDefault,
        acceptsReadOnly: options.readOnly ?? false,
        pendingMax: options.pendingMax ?? pendingMaxDefault,
        identity: options.session,
        requestBytesMax: options.requestBytesMax ?? juteMaxBufferDefault,
        replyBytesMax: options.replyBytesMax ?? replyBytesMaxDefault,
      },
      world,
      this.#watches,
      {
        stateChanged: (change) => this.#stateChanged(change),
        notified: (event, zxid) => this.#notified(event, zxid),
      },
    )
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
    return this.#session.lastZxid
  }

  /** Returns the function that takes the listener away again. */
  on<E extends keyof ZooKeeperEvents>(
    event: E,
    listener: (value: ZooKeeperEvents[E]) => void,
  ): () => void {
    return this.#events.on(event, listener)
  }

  /** Connects without waiting for the first call. */
  connect(): void {
    this.#session.open()
  }

  /** Ends the session: its ephemeral nodes go, streams end, and calls that are made later are rejected. */
  async close(): Promise<void> {
    await this.#session.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** @returns the node's path, which the server chooses the end of when the node is sequential */
  create(path: string, value?: ValueOf<C>, options: CreateOptions = {}): Promise<string> {
    return this.#call(options, () =>
      withResult(operations.create(...this.#createArguments(path, value, options)), (created) =>
        this.#chroot.toClient(created),
      ),
    )
  }

  createWithStat(
    path: string,
    value?: ValueOf<C>,
    options: CreateOptions = {},
  ): Promise<{ readonly path: string; readonly stat: Stat }> {
    return this.#call(options, () => {
      const operation = operations.createWithStat(...this.#createArguments(path, value, options))
      return withResult(operation, (created) => ({
        path: this.#chroot.toClient(created.path),
        stat: created.stat,
      }))
    })
  }

  get(path: string, options: WatchOptions = {}): Promise<ValueOf<C>> {
    return this.#call(options, () =>
      withResult(this.#getData(path, options), ({ data }) => this.#codec.decode(path, data)),
    )
  }

  getWithStat(
    path: string,
    options: WatchOptions = {},
  ): Promise<{ readonly value: ValueOf<C>; readonly stat: Stat }> {
    return this.#call(options, () =>
      withResult(this.#getData(path, options), ({ data, stat }) => ({
        value: this.#codec.decode(path, data),
        stat,
      })),
    )
  }

  set(path: string, value: ValueOf<C>, options: SetOptions = {}): Promise<Stat> {
    return this.#call(options, () => {
      const data = this.#codec.encode(path, value)
      return operations.setData(this.#chroot.resolve(path), data, options.version ?? -1)
    })
  }

  delete(path: string, options: DeleteOptions = {}): Promise<void> {
    if (options.recursive) return this.#deleteSubtree(path, options)
    return this.#call(options, () =>
      operations.remove(this.#chroot.resolve(path), options.version ?? -1),
    )
  }

  /** @returns null when there is no such node; a watch then tells its creation */
  exists(path: string, options: WatchOptions = {}): Promise<Stat | null> {
    return this.#call(options, () => {
      const node = this.#chroot.resolve(path)
      const listener = listenerOf(options)
      return operations.exists(node, listener !== undefined, (err) => {
        if (listener === undefined) return
        if (err === 0) this.#watches.add('data', node.server, listener)
        else if (errorName(err) === 'NoNode') this.#watches.add('exist', node.server, listener)
      })
    })
  }

  /** Names, not paths, in no particular order. */
  children(path: string, options: WatchOptions = {}): Promise<readonly string[]> {
    return this.#call(options, () => {
      const node = this.#chroot.resolve(path)
      return operations.getChildren(node, isWatched(options), this.#watched('child', node, options))
    })
  }

  childrenWithStat(
    path: string,
    options: WatchOptions = {},
  ): Promise<{ readonly children: readonly string[]; readonly stat: Stat }> {
    return this.#call(options, () => {
      const node = this.#chroot.resolve(path)
      const answered = this.#watched('child', node, options)
      return operations.getChildrenWithStat(node, isWatched(options), answered)
    })
  }

  /** The node and all below it, each after its parent. */
  async subtree(path: string, options: CallOptions = {}): Promise<readonly string[]> {
    return listSubtree(this.#subtreeAccess(options, -1), path)
  }

  getAcl(
    path: string,
    options: CallOptions = {},
  ): Promise<{ readonly acl: readonly Acl[]; readonly stat: Stat }> {
    return this.#call(options, () =>
      withResult(operations.getAcl(this.#chroot.resolve(path)), ({ acl, stat }) => ({
        acl: acl ?? [],
        stat,
      })),
    )
  }

  /** `version` is the ACL's own version (aversion). */
  setAcl(path: string, acl: readonly Acl[], options: SetOptions = {}): Promise<Stat> {
    return this.#call(options, () =>
      operations.setAcl(this.#chroot.resolve(path), acl, options.version ?? -1),
    )
  }

  /** Resolves when the server has caught up with all that the leader had committed. */
  sync(path = '/', options: CallOptions = {}): Promise<void> {
    return this.#call(options, () => operations.sync(this.#chroot.resolve(path)))
  }

  transaction(): Transaction<C> {
    return new Transaction<C>({
      chroot: this.#chroot,
      codec: this.#codec,
      multi: (ops, options) => this.#call(options, () => operations.multi(ops)),
    })
  }

  /** Each read has its own outcome: look at `error` first. */
  multiRead<const R extends readonly ReadRequest[]>(
    requests: R,
    options: CallOptions = {},
  ): Promise<ReadResults<C, R>> {
    return this.#call(options, () =>
      withResult(
        operations.multiRead(requests.map((request) => readOp(request, this.#chroot))),
        (results) =>
          requests.map((request, i) =>
            readResult<C>(request, results[i], this.#codec),
          ) as unknown as ReadResults<C, R>,
      ),
    )
  }

  /** Claims an identity, on this connection and on all later ones of the session. */
  async addAuth(
    scheme: string,
    auth: string | Uint8Array | null,
    options: CallOptions = {},
  ): Promise<void> {
    const bytes = typeof auth === 'string' ? utf8Encode(auth) : auth
    await this.#session.authenticate(scheme, bytes, this.#limited(options))
  }

  whoAmI(options: CallOptions = {}): Promise<readonly ClientInfo[]> {
    return this.#call(options, () => operations.whoAmI())
  }

  /** The ephemeral nodes of this session whose path starts with `prefix`. */
  ephemerals(prefix = '/', options: CallOptions = {}): Promise<readonly string[]> {
    return this.#call(options, () =>
      withResult(operations.getEphemerals(this.#chroot.resolve(prefix, true)), (paths) =>
        paths.map((path) => this.#chroot.toClient(path)),
      ),
    )
  }

  /** How many nodes are below the path. */
  allChildrenNumber(path: string, options: CallOptions = {}): Promise<number> {
    return this.#call(options, () => operations.getAllChildrenNumber(this.#chroot.resolve(path)))
  }

  /** Sets a watch that stays until it is removed. See {@link watch} for one that is read as a stream. */
  addWatch(path: string, options: AddWatchOptions = {}): Promise<void> {
    return this.#call(options, () => {
      const node = this.#chroot.resolve(path)
      return this.#addWatch(node, watchKind(options), options.listener ?? onlyEmitted)
    })
  }

  /** @throws ZooKeeperError NoWatcher when there is none */
  removeWatches(path: string, options: RemoveWatchesOptions = {}): Promise<void> {
    return this.#call(options, () => {
      const node = this.#chroot.resolve(path)
      const type = WatcherType[options.type ?? 'any']
      return operations.removeWatches(node, type, (err) => {
        if (err === 0) this.#forgetWatches(node, type)
      })
    })
  }

  /** The changes of a node, or of all below it, until the loop is left. What is read after this call is not missed. */
  watch(path: string, options: { readonly recursive?: boolean } = {}): WatchStream {
    const kind = watchKind(options)
    let node: NodePath | undefined
    const stream = new WatchStream(path, async () => {
      this.#streams.delete(stream)
      if (node !== undefined) await this.#unwatch(node, kind, listener)
    })
    const listener: ChangeListener = (change) => stream.push(change)
    this.#streams.add(stream)
    this.#call({}, () => {
      node = this.#chroot.resolve(path)
      return this.#addWatch(node, kind, listener)
    }).catch((error: ZooKeeperError) => {
      this.#streams.delete(stream)
      stream.finish(error)
    })
    return stream
  }

  /** The ensemble's membership, as `/zookeeper/config` holds it. */
  config(options: WatchOptions = {}): Promise<{ readonly config: string; readonly stat: Stat }> {
    return this.#call(options, () => {
      const answered = this.#watched('data', configPath, options)
      return configResult(operations.getData(configPath, isWatched(options), answered))
    })
  }

  reconfig(options: ReconfigOptions): Promise<{ readonly config: string; readonly stat: Stat }> {
    return this.#call(options, () =>
      configResult(
        operations.reconfig(configPath, {
          joiningServers: options.joining ?? null,
          leavingServers: options.leaving ?? null,
          newMembers: options.members ?? null,
          curConfigId: options.version ?? -1,
        }),
      ),
    )
  }

  #call<T>(options: CallOptions, operation: () => Operation<T>): Promise<T> {
    try {
      return this.#session.submit(operation(), this.#limited(options))
    } catch (error) {
      return Promise.reject(error)
    }
  }

  #limited(options: CallOptions): CallOptions {
    if (this.#deadlineMs === undefined || options.deadlineMs !== undefined) return options
    return { ...options, deadlineMs: this.#deadlineMs }
  }

  #createArguments(
    path: string,
    value: ValueOf<C> | undefined,
    options: CreateOptions,
  ): [NodePath, operations.CreateArguments] {
    const node = this.#chroot.resolve(path, options.sequential)
    const data = value === undefined ? new Uint8Array(0) : this.#codec.encode(path, value)
    return [node, { ...createFlags(path, options), data }]
  }

  #getData(path: string, options: WatchOptions): ReturnType<typeof operations.getData> {
    const node = this.#chroot.resolve(path)
    return operations.getData(node, isWatched(options), this.#watched('data', node, options))
  }

  /** Registers the watch of a read once the server has accepted it. */
  #watched(
    kind: WatchKind,
    node: NodePath,
    options: WatchOptions,
  ): operations.Answered | undefined {
    const listener = listenerOf(options)
    if (listener === undefined) return undefined
    return (err) => {
      if (err === 0) this.#watches.add(kind, node.server, listener)
    }
  }

  #addWatch(node: NodePath, kind: PersistentKind, listener: ChangeListener): Operation<void> {
    return operations.addWatch(node, kind === 'persistentRecursive', (err) => {
      if (err === 0) this.#watches.add(kind, node.server, listener)
    })
  }

  /** Stops one listener; the server is told when it was the last one. A server that cannot be told forgets with the connection. */
  async #unwatch(node: NodePath, kind: PersistentKind, listener: ChangeListener): Promise<void> {
    const isLast = this.#watches.removeListener(kind, node.server, listener)
    if (!isLast || this.state !== 'connected') return
    const remove = (type: WatcherType): Promise<void> =>
      this.#session.submit(operations.removeWatches(node, type, () => {}))
    try {
      await remove(WatcherType[kind])
    } catch (error) {
      const isOldServer = error instanceof ZooKeeperError && error.code === 'MarshallingError'
      if (isOldServer && !this.#watches.hasAny(node.server))
        await remove(WatcherType.any).catch(() => {})
    }
  }

  #forgetWatches(node: NodePath, type: WatcherType): void {
    for (const [removed, listeners] of this.#watches.remove(node.server, type))
      this.#tell({ type: removed, path: node.client, zxid: undefined }, listeners)
  }

  #notified(event: WatcherEvent, zxid: Zxid | undefined): void {
    const type = changeType(event.type)
    const listeners = this.#watches.fire(event.type, event.path)
    if (type === undefined || listeners.size === 0) return
    this.#tell({ type, path: this.#chroot.toClient(event.path), zxid }, listeners)
  }

  #tell(change: Change, listeners: ReadonlySet<ChangeListener>): void {
    this.#events.emit('change', change)
    for (const listener of listeners) defer(() => listener(change))
  }

  #stateChanged(change: StateChange): void {
    this.#events.emit('state', change)
    if (change.state === 'connected') {
      if (this.#wasConnected) for (const stream of this.#streams) defer(() => stream.pushGap())
      this.#wasConnected = true
    } else if (change.state === 'expired' || change.state === 'closed') {
      const error =
        change.state === 'expired'
          ? new ZooKeeperError('SessionExpired', { cause: change.cause })
          : undefined
      for (const stream of this.#streams) defer(() => stream.finish(error))
      this.#streams.clear()
    }
  }

  #deleteSubtree(path: string, options: DeleteOptions): Promise<void> {
    const { batchSize = 1000, version = -1 } = options
    return deleteSubtree(this.#subtreeAccess(options, version, path), path, batchSize)
  }

  #subtreeAccess(options: CallOptions, rootVersion: number, root?: string): SubtreeAccess {
    const limits = { ...this.#limited(options) }
    return {
      children: (path) => this.children(path, limits),
      deleteTogether: async (paths) => {
        const transaction: Transaction<C, readonly unknown[]> = this.transaction()
        for (const path of paths)
          transaction.delete(path, { version: path === root ? rootVersion : -1 })
        await transaction.commit(limits)
      },
    }
  }
}

type PersistentKind = 'persistent' | 'persistentRecursive'

function watchKind({ recursive = false }: { readonly recursive?: boolean }): PersistentKind {
  return recursive ? 'persistentRecursive' : 'persistent'
}

function isWatched(options: WatchOptions): boolean {
  return listenerOf(options) !== undefined
}

function listenerOf({ watch = false }: WatchOptions): ChangeListener | undefined {
  if (watch === false) return undefined
  return watch === true ? onlyEmitted : watch
}

function withResult<T, U>(operation: Operation<T>, result: (value: T) => U): Operation<U> {
  const { answerOf: _, ...rest } = operation
  return { ...rest, read: (reader) => result(operation.read(reader)) }
}

function configResult(
  operation: ReturnType<typeof operations.getData>,
): Operation<{ readonly config: string; readonly stat: Stat }> {
  return withResult(operation, ({ data, stat }) => ({
    config: data === null ? '' : utf8Decode(data),
    stat,
  }))
}
