/**
 * One session and what all views of it share: the watches, the streams, and the news of its state.
 *
 * An event is told to each view once, by the path that the view sees, and to those of its listeners that waited for it.
 */
import type { WatcherEvent, WatcherType, Zxid } from '@quorate/protocol'
import { type ChangeListener, type ChangeType, changeType } from './change.ts'
import { defer, Emitter } from './emitter.ts'
import { Session, type SessionOptions, type StateChange } from './session.ts'
import { WatchRegistry } from './watch-registry.ts'
import type { WatchStream } from './watch-stream.ts'
import type { World } from './world.ts'
import { ZooKeeperError } from './zookeeper-error.ts'

/** A view that watches: it is told by the server's path. */
export interface WatchingView {
  changed(
    type: ChangeType,
    serverPath: string,
    zxid: Zxid | undefined,
    listeners: readonly ChangeListener[],
  ): void
}

/** A listener and the view that it belongs to. */
export interface Watcher {
  readonly view: WatchingView
  readonly listener: ChangeListener
}

export class SharedSession {
  readonly world: World
  readonly watches: WatchRegistry<Watcher> = new WatchRegistry<Watcher>()
  readonly streams: Set<WatchStream> = new Set<WatchStream>()
  readonly events: Emitter<{ readonly state: StateChange }> = new Emitter()
  readonly session: Session
  #wasConnected = false

  constructor(options: SessionOptions, world: World) {
    this.world = world
    this.session = new Session(options, world, this.watches, {
      stateChanged: (change) => this.#stateChanged(change),
      notified: (event, zxid) => this.#notified(event, zxid),
    })
  }

  /** The server has removed these watches. */
  forgetWatches(serverPath: string, type: WatcherType): void {
    for (const [removed, watchers] of this.watches.remove(serverPath, type))
      tell(removed, serverPath, undefined, watchers)
  }

  #notified(event: WatcherEvent, zxid: Zxid | undefined): void {
    const type = changeType(event.type)
    const watchers = this.watches.fire(event.type, event.path)
    if (type !== undefined) tell(type, event.path, zxid, watchers)
  }

  #stateChanged(change: StateChange): void {
    this.events.emit('state', change)
    if (change.state === 'connected') {
      if (this.#wasConnected) for (const stream of this.streams) defer(() => stream.pushGap())
      this.#wasConnected = true
    } else if (change.state === 'expired' || change.state === 'closed') {
      const error =
        change.state === 'expired'
          ? new ZooKeeperError('SessionExpired', { cause: change.cause })
          : undefined
      for (const stream of this.streams) defer(() => stream.finish(error))
      this.streams.clear()
    }
  }
}

function tell(
  type: ChangeType,
  serverPath: string,
  zxid: Zxid | undefined,
  watchers: Iterable<Watcher>,
): void {
  const listenersByView = new Map<WatchingView, ChangeListener[]>()
  for (const { view, listener } of watchers) {
    const listeners = listenersByView.get(view)
    if (listeners === undefined) listenersByView.set(view, [listener])
    else listeners.push(listener)
  }
  for (const [view, listeners] of listenersByView) view.changed(type, serverPath, zxid, listeners)
}
