/** The calls of one view that set watches and take them away, and the listeners that wait for them. */
import { errorName, WatcherType, type Zxid } from '@quorate/protocol'
import type { Caller } from './caller.ts'
import type { Operation } from './call.ts'
import type { Change, ChangeListener, ChangeType } from './change.ts'
import { defer } from './emitter.ts'
import * as operations from './operations.ts'
import type { NodePath } from './operations.ts'
import type { AddWatchOptions, RemoveWatchesOptions, WatchOptions } from './options.ts'
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

  watch(path: string, options: { readonly recursive?: boolean }): WatchStream {
    const kind = watchKind(options)
    let node: NodePath | undefined
    const stream = new WatchStream(path, async () => {
      this.#forget(stream)
      if (node !== undefined) await this.#unwatch(node, kind, listener)
    })
    const listener: ChangeListener = (change) => stream.push(change)
    this.#streams.add(stream)
    this.#caller.shared.streams.add(stream)
    const start = async (): Promise<void> => {
      try {
        await this.#caller.call({}, () => {
          node = this.#caller.chroot.resolve(path)
          return this.#addWatch(node, kind, listener)
        })
        // Left before the server had answered: only now there is something to take away.
        if (!this.#streams.has(stream) && node !== undefined)
          await this.#unwatch(node, kind, listener)
      } catch (error) {
        if (!this.#streams.has(stream)) return
        const { code } = error as ZooKeeperError
        if (code === 'SessionExpired' && this.#caller.shared.isRenewed) return start()
        this.#forget(stream)
        stream.finish(error as ZooKeeperError)
      }
    }
    void start()
    return stream
  }

  /** Ends the streams of this view. */
  async close(): Promise<void> {
    await Promise.all([...this.#streams].map((stream) => stream.return()))
  }

  #forget(stream: WatchStream): void {
    this.#streams.delete(stream)
    this.#caller.shared.streams.delete(stream)
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

  /** Stops one listener; the server is told when it was the last one. A server that cannot be told forgets with the connection. */
  async #unwatch(node: NodePath, kind: PersistentKind, listener: ChangeListener): Promise<void> {
    const { watches, session } = this.#caller.shared
    const isLast = watches.removeListener(kind, node.server, this.#watcherOf(listener))
    if (!isLast || session.state !== 'connected') return
    const remove = (type: WatcherType): Promise<void> =>
      session.submit(operations.removeWatches(node, type, () => {}))
    try {
      await remove(WatcherType[kind])
    } catch (error) {
      const isOldServer = error instanceof ZooKeeperError && error.code === 'MarshallingError'
      if (isOldServer && !watches.hasAny(node.server)) await remove(WatcherType.any).catch(() => {})
    }
  }
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
