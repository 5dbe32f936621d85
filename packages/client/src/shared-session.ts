/**
 * One session and what all views of it share: the watches, the streams, and the news of its state. When a session is
 * lost, and it is asked for, a new one takes its place here.
 *
 * An event is told to each view once, by the path that the view sees, and to those of its listeners that waited for it.
 */
import type { WatcherEvent, WatcherType, Zxid } from '@quorate/protocol'
import type { CallOptions } from './call.ts'
import { type ChangeListener, type ChangeType, changeType } from './change.ts'
import { XidSequence } from './connection.ts'
import { defer, Emitter } from './emitter.ts'
import { KeptEphemerals } from './kept-ephemerals.ts'
import { giveUpLastWrites, settleLastWrites } from './last-writes.ts'
import { type Rebuild, rebuilt, renew, type SessionRenewal } from './renewal.ts'
import { SeenZxids } from './seen-zxids.ts'
import { ServerList } from './server-list.ts'
import { Session, type SessionOptions, type SessionStart } from './session.ts'
import type { SessionIdentity, StateChange } from './session-state.ts'
import type { LastWrites } from './unresolved-writes.ts'
import { WatchRegistry } from './watch-registry.ts'
import type { ServerAddress, World } from './world.ts'
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

/** Somebody who waits for changes. */
export interface Follower {
  /** There was a time without a connection, in which persistent watches saw nothing. */
  pushGap(): void
  /** No change will come any more: because of the error, or because the client was closed. */
  finish(error?: ZooKeeperError): void
}

export interface SharedEvents {
  readonly state: StateChange
  readonly renewed: SessionRenewal
}

export class SharedSession {
  readonly world: World
  readonly servers: ServerList
  readonly watches: WatchRegistry<Watcher> = new WatchRegistry<Watcher>()
  readonly followers: Set<Follower> = new Set<Follower>()
  readonly events: Emitter<SharedEvents> = new Emitter()
  readonly kept: KeptEphemerals = new KeptEphemerals()
  readonly #xids = new XidSequence()
  readonly #options: SessionOptions
  readonly #rebuild: Rebuild | undefined
  #session: Session
  #isClosing = false
  #wasConnected = false
  #isRenewing = false
  #connecting: PromiseWithResolvers<boolean> | undefined
  #rebuilding: Promise<void> = Promise.resolve()
  /** Those of lost sessions that a server is being asked about. */
  readonly #lastWrites: Set<LastWrites> = new Set<LastWrites>()
  /** Asks about them where no new session takes the place of a lost one. */
  #asker: Session | undefined

  /** @param rebuild what to do with a new session; without it the first one that is lost is the last */
  constructor(
    options: SessionOptions,
    servers: readonly ServerAddress[],
    world: World,
    rebuild: Rebuild | undefined,
  ) {
    this.world = world
    this.servers = new ServerList(servers, world.random)
    this.#options = options
    this.#rebuild = rebuild
    this.#session = this.#start(options, { credentials: [], seen: new SeenZxids() })
  }

  /** The present session; with renewal another one from the moment on at which one is lost. */
  get session(): Session {
    return this.#session
  }

  /** Whether a lost session is replaced. */
  get isRenewed(): boolean {
    return this.#rebuild !== undefined && !this.#isClosing
  }

  /** Whether there is a session, or another one is to take the place of one that was lost. */
  get hasSession(): boolean {
    return this.#session.identity !== undefined || this.#isRenewing
  }

  /** @see Session.close */
  async close(options: CallOptions, cause?: unknown): Promise<void> {
    this.#isClosing = true
    await Promise.all([this.#session.close(options, cause), this.#asker?.close(options)])
    for (const last of this.#lastWrites) giveUpLastWrites(last)
  }

  /** @see Session.handOver */
  handOver(options: CallOptions): Promise<SessionIdentity | undefined> {
    this.#isClosing = true
    return this.#session.handOver(options)
  }

  /** The server has removed these watches. */
  forgetWatches(serverPath: string, type: WatcherType): void {
    for (const [removed, watchers] of this.watches.remove(serverPath, type))
      tell(removed, serverPath, undefined, watchers)
  }

  #start(options: SessionOptions, before: Omit<SessionStart, 'servers' | 'xids'>): Session {
    const start = { ...before, servers: this.servers, xids: this.#xids }
    return new Session(options, start, this.world, this.watches, {
      stateChanged: (change) => this.#stateChanged(change),
      // The loss is told before another session is made to ask.
      leftWrites: (last) => defer(() => void this.#settle(last)),
      notified: (event, zxid) => this.#notified(event, zxid),
    })
  }

  async #settle(last: LastWrites): Promise<void> {
    if (this.#isClosing) return giveUpLastWrites(last)
    if (!this.isRenewed) this.#asker = this.#startAsker()
    this.#lastWrites.add(last)
    await settleLastWrites(last, {
      session: () => this.#askingSession(),
      serverCount: () => this.servers.size,
      clock: this.world.clock,
    })
    this.#lastWrites.delete(last)
    await this.#asker?.close()
  }

  #askingSession(): Session {
    if (this.#asker?.state === 'expired' && !this.#isClosing) this.#asker = this.#startAsker()
    return this.#asker ?? this.#session
  }

  /** A session that nobody is told of. */
  #startAsker(): Session {
    const { credentials } = this.#session
    const options = { ...this.#options, identity: undefined, acceptsReadOnly: false }
    const seen = new SeenZxids(this.#session.seen)
    const start = { servers: this.servers, xids: this.#xids, credentials, seen }
    const watches = { setWatches: () => [] }
    return new Session(options, start, this.world, watches, {
      stateChanged() {},
      leftWrites: giveUpLastWrites,
      notified() {},
    })
  }

  #notified(event: WatcherEvent, zxid: Zxid | undefined): void {
    const type = changeType(event.type)
    const watchers = this.watches.fire(event.type, event.path)
    if (type !== undefined) tell(type, event.path, zxid, watchers)
  }

  #stateChanged(change: StateChange): void {
    this.events.emit('state', change)
    this.world.tracer?.stateChanged({ ...change, sessionId: this.#session.identity?.id })
    switch (change.state) {
      case 'connected':
        if (this.#wasConnected)
          for (const follower of this.followers) defer(() => follower.pushGap())
        this.#wasConnected = true
        this.#connecting?.resolve(true)
        return
      case 'idle':
        // A new client waits for its next call, but one that had a session goes on: its nodes and watches are wanted.
        if (this.#isRenewing) defer(() => this.#session.open())
        return
      case 'expired':
        this.#connecting?.resolve(false)
        if (this.isRenewed) this.#renew(change.cause)
        else this.#endFollowers(new ZooKeeperError('SessionExpired', { cause: change.cause }))
        return
      case 'closed':
        this.#connecting?.resolve(false)
        this.#endFollowers()
        return
      default:
    }
  }

  /** Runs inside the end of the lost session: calls that are made from now on go to the new one. */
  #renew(cause: unknown): void {
    const { identity, credentials, seen } = this.#session
    if (identity === undefined) return
    const session = this.#start({ ...this.#options, identity: undefined }, { credentials, seen })
    this.#session = session
    this.#isRenewing = true
    this.#connecting = Promise.withResolvers<boolean>()
    const { kept, world } = this
    const lost = { id: identity.id, cause }
    const renewed = renew({ lost, session, connected: this.#connecting.promise, kept, world })
    this.#rebuilding = this.#finishRenewal(this.#rebuilding, renewed, session)
  }

  /** One hook at a time: the one before sees that its session is over, and ends. */
  async #finishRenewal(
    before: Promise<void>,
    renewed: Promise<SessionRenewal | undefined>,
    session: Session,
  ): Promise<void> {
    const renewal = await renewed
    await before
    if (renewal === undefined || session !== this.#session) return
    this.#isRenewing = false
    try {
      if (this.#rebuild !== undefined) await rebuilt(this.#rebuild, renewal, session, this.world)
      if (session === this.#session) this.events.emit('renewed', renewal)
    } catch (error) {
      // Half of what the application needs is worse than nothing: its ephemerals would say that all is well.
      if (session === this.#session) await this.close({}, error)
    }
  }

  #endFollowers(error?: ZooKeeperError): void {
    for (const follower of this.followers) defer(() => follower.finish(error))
    this.followers.clear()
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
