/** The calls of one view that set watches and take them away, and the listeners that wait for them. */
import { errorName, WatcherType, type Zxid } from '@quorate/protocol'
import type { Caller } from './caller.ts'
import type { Operation } from './call.ts'
import type { Change, ChangeListener, ChangeType } from './change.ts'
import { defer } from './emitter.ts'
import { OneShotWatch, type Watched } from './one-shot-watch.ts'
import * as operations from './operations.ts'
import type { NodePath } from './operations.ts'
import type {
  AddWatchOptions,
  RemoveWatchesOptions,
  WatchOptions,
  WatchStreamOptions,
} from './options.ts'
import type { Watcher, WatchingView } from './shared-session.ts'
import type { WatchKind } from './watch-registry.ts'
import { WatchStream } from './watch-stream.ts'
import { ZooKeeperError } from './zookeeper-error.ts'

type PersistentKind = 'persistent' | 'persistentRecursive'

/** The listener of watches that only 'change' is told of. */
const onlyEmitted: ChangeListener = () => {}

export class WatchCalls implements WatchingView {
  readonly #caller: Caller
  readonly #emit: ChangeListener
  readonly #streams = new Set<WatchStream>()
  /** Each stops one. */
  readonly #oneShots = new Set<() => Promise<void>>()
  readonly #watchersByListener = new WeakMap<ChangeListener, Watcher>()

  /** @param emit told each change once, before the listeners */
  constructor(caller: Caller, emit: ChangeListener) {
    this.#caller = caller
    this.#emit = emit
  }

  changed(
    type: ChangeType,
    serverPath: string,
    zxid: Zxid | undefined,
    listeners: readonly ChangeListener[],
  ): void {
    const change: Change = { type, path: this.#caller.chroot.toClient(serverPath), zxid }
    this.#emit(change)
    for (const listener of listeners) defer(() => listener(change))
  }

  /** Registers the watch of a read once the server has accepted it. */
  ofRead(kind: WatchKind, node: NodePath, options: WatchOptions): operations.Answered | undefined {
    const listener = listenerOf(options)
    if (listener === undefined) return undefined
    return (err) => {
      if (err === 0) this.#add(kind, node, listener)
    }
  }

  /** As {@link ofRead}; an exists watches the creation of a node that is not there. */
  ofExists(node: NodePath, options: WatchOptions): operations.Answered | undefined {
    const listener = listenerOf(options)
    if (listener === undefined) return undefined
    return (err) => {
      if (err === 0) this.#add('data', node, listener)
      else if (errorName(err) === 'NoNode') this.#add('exist', node, listener)
    }
  }

  addWatch(path: string, options: AddWatchOptions): Promise<void> {
    return this.#caller.call(options, () => {
      const node = this.#caller.chroot.resolve(path)
      return this.#addWatch(node, watchKind(options), options.listener ?? onlyEmitted)
    })
  }

  removeWatches(path: string, options: RemoveWatchesOptions): Promise<void> {
    return this.#caller.call(options, () => {
      const node = this.#caller.chroot.resolve(path)
      const type = WatcherType[options.type ?? 'any']
      return operations.removeWatches(node, type, (err) => {
        if (err === 0) this.#caller.shared.forgetWatches(node.server, type)
      })
    })
  }

  watch(path: string, options: WatchStreamOptions): WatchStream {
    const kind = watchKind(options)
    let node: NodePath | undefined
    const { signal } = options
    const abort = (): void => {
      stream.finish(new ZooKeeperError('Aborted', { op: 'addWatch', path, cause: signal?.reason }))
      void stop()
    }
    const stop = async (): Promise<void> => {
      signal?.removeEventListener('abort', abort)
      this.#forget(stream)
      if (node !== undefined) await this.#unwatch(node, kind, listener)
    }
    const stream = new WatchStream(path, stop)
    const listener: ChangeListener = (change) => stream.push(change)
    this.#streams.add(stream)
    this.#caller.shared.followers.add(stream)
    const start = async (isLate = false): Promise<void> => {
      try {
        await this.#caller.call({}, () => {
          node = this.#caller.chroot.resolve(path)
          return this.#addWatch(node, kind, listener)
        })
        if (isLate) stream.pushGap()
        // Left before the server had answered: only now there is something to take away.
        if (!this.#streams.has(stream) && node !== undefined)
          await this.#unwatch(node, kind, listener)
      } catch (error) {
        if (!this.#streams.has(stream)) return
        const { code } = error as ZooKeeperError
        if (code === 'SessionExpired' && this.#caller.shared.isRenewed) return start()
        // The call was held to be the reason of several lost connections, or a session that is to follow a lost one did not come in
        // time. What changed since it was made nobody has told.
        if (code === 'ConnectionLoss' && this.#caller.shared.hasSession) return start(true)
        this.#forget(stream)
        stream.finish(error as ZooKeeperError)
      }
    }
    void start()
    if (signal?.aborted) abort()
    else signal?.addEventListener('abort', abort)
    return stream
  }

  /** A read that sets a watch of one change. @param read gets the listener to watch with */
  async once<T extends object>(
    path: string,
    kind: OneShotKind,
    read: (watch: ChangeListener) => Promise<T>,
  ): Promise<T & Watched> {
    const { followers } = this.#caller.shared
    const forget = (): void => {
      this.#oneShots.delete(end)
      followers.delete(watch)
    }
    const watch = new OneShotWatch(forget)
    const end = async (): Promise<void> => {
      if (!this.#oneShots.has(end)) return
      watch.finish()
      const node = this.#caller.chroot.resolve(path)
      await this.#stop(node, registries[kind], watch.listener)
    }
    this.#oneShots.add(end)
    followers.add(watch)
    try {
      const result = await read(watch.listener)
      return { ...result, changed: watch.changed, [Symbol.asyncDispose]: end }
    } catch (error) {
      forget()
      throw error
    }
  }

  /** Ends the streams of this view, and takes all its watches away. */
  async close(): Promise<void> {
    const streams = [...this.#streams].map((stream) => stream.return())
    await Promise.all([...streams, ...[...this.#oneShots].map((end) => end())])
    const { watches } = this.#caller.shared
    const unheard = [...watches.removeListeners(({ view }) => view === this)]
    // What the server does not remove it forgets with the connection; its events find nobody until then.
    await Promise.allSettled(
      unheard.map(([kind, path]) =>
        this.#removeUnwanted({ server: path, client: path }, registries[kind]),
      ),
    )
  }

  #forget(stream: WatchStream): void {
    this.#streams.delete(stream)
    this.#caller.shared.followers.delete(stream)
  }

  #addWatch(node: NodePath, kind: PersistentKind, listener: ChangeListener): Operation<void> {
    return operations.addWatch(node, kind === 'persistentRecursive', (err) => {
      if (err === 0) this.#add(kind, node, listener)
    })
  }

  #add(kind: WatchKind, node: NodePath, listener: ChangeListener): void {
    this.#caller.shared.watches.add(kind, node.server, this.#watcherOf(listener))
  }

  /** One listener is one watcher, so that two calls with the same function tell it once. */
  #watcherOf(listener: ChangeListener): Watcher {
    let watcher = this.#watchersByListener.get(listener)
    if (watcher === undefined) {
      watcher = { view: this, listener }
      this.#watchersByListener.set(listener, watcher)
    }
    return watcher
  }

  #unwatch(node: NodePath, kind: PersistentKind, listener: ChangeListener): Promise<void> {
    return this.#stop(node, registries[kind], listener)
  }

  /** Stops one listener; the server is told when it was the last one. A server that cannot be told forgets with the connection. */
  async #stop(node: NodePath, registry: ServerWatches, listener: ChangeListener): Promise<void> {
    const { watches } = this.#caller.shared
    const watcher = this.#watcherOf(listener)
    const wasLast = registry.kinds.map((kind) => watches.removeListener(kind, node.server, watcher))
    if (wasLast.includes(true)) await this.#removeUnwanted(node, registry)
  }

  async #removeUnwanted(node: NodePath, { type, kinds }: ServerWatches): Promise<void> {
    const { watches, session } = this.#caller.shared
    const isWanted = kinds.some((kind) => watches.has(kind, node.server))
    if (isWanted || session.state !== 'connected') return
    const remove = (removed: WatcherType): Promise<void> =>
      session.submit(operations.removeWatches(node, removed, () => {}))
    try {
      await remove(type)
    } catch (error) {
      const isOldServer = error instanceof ZooKeeperError && error.code === 'MarshallingError'
      if (isOldServer && !watches.hasAny(node.server)) await remove(WatcherType.any).catch(() => {})
    }
  }
}

type OneShotKind = 'data' | 'child'

/** The registries that one kind of watch on the server stands behind. */
interface ServerWatches {
  readonly type: WatcherType
  readonly kinds: readonly WatchKind[]
}

const dataWatches: ServerWatches = { type: WatcherType.data, kinds: ['data', 'exist'] }

const registries: Readonly<Record<WatchKind, ServerWatches>> = {
  data: dataWatches,
  exist: dataWatches,
  child: { type: WatcherType.children, kinds: ['child'] },
  persistent: { type: WatcherType.persistent, kinds: ['persistent'] },
  persistentRecursive: { type: WatcherType.persistentRecursive, kinds: ['persistentRecursive'] },
}

export function isWatched(options: WatchOptions): boolean {
  return listenerOf(options) !== undefined
}

function watchKind({ recursive = false }: { readonly recursive?: boolean }): PersistentKind {
  return recursive ? 'persistentRecursive' : 'persistent'
}

function listenerOf({ watch = false }: WatchOptions): ChangeListener | undefined {
  if (watch === false) return undefined
  return watch === true ? onlyEmitted : watch
}
