/**
 * The life of one session: finds a server, keeps the session alive on it, moves to another server when the link breaks,
 * and says when the session is lost. It does no I/O of its own; see `world.ts`.
 *
 * 1. Every call is settled: by its answer, by its own deadline, or when the session ends. Without a session the calls
 *    wait at most 4/3 of the timeout for one.
 * 2. On a new connection go, in this order: the connect request, the SASL exchange, the credentials, the watches, the
 *    question about the writes that the last connection left unanswered, the calls that it left and are to be sent
 *    again, and the calls that waited; see {@link CallQueue}.
 * 3. A stall of this process is not the death of a server: whatever input is there is handled before the clock is judged.
 * 4. The session counts as expired 4/3 of its timeout after a server was last heard, though no server may have said so:
 *    by then a leader has expired it, and its owner must not go on as if it held locks (ZOOKEEPER-4508).
 */
import {
  OpCode,
  type SessionId,
  type SetWatches2Request,
  type WatcherEvent,
  type Zxid,
} from '@quorate/protocol'
import { Call, type CallOptions, type Operation } from './call.ts'
import { CallQueue } from './call-queue.ts'
import { connectFrame, readConnectResponse, readsLinearizably } from './connect-exchange.ts'
import {
  Connection,
  type ConnectionLimits,
  type Credential,
  type ServerAbilities,
  type XidSequence,
} from './connection.ts'
import { Credentials } from './credentials.ts'
import { FrameDecoder } from './frame-decoder.ts'
import { PendingBound, type PendingLimits } from './pending-bound.ts'
import { authenticate, type SaslMechanism } from './sasl.ts'
import { exists, headerOnly, type NodePath } from './operations.ts'
import { ReadWriteSearch } from './read-write-search.ts'
import type { SeenZxids } from './seen-zxids.ts'
import type { ServerList } from './server-list.ts'
import { SessionLoss } from './session-loss.ts'
import type { SessionPhase } from './session-phase.ts'
import type { SessionIdentity, SessionState, StateChange } from './session-state.ts'
import type { TracedConnection, Tracer } from './tracer.ts'
import { SessionTimes } from './session-times.ts'
import type { LastWrites } from './unresolved-writes.ts'
import { WatchfulAlarm } from './watchful-alarm.ts'
import { describeServer, type Link, type ServerAddress, type World } from './world.ts'
import type { ZooKeeperError, ZooKeeperErrorCode } from './zookeeper-error.ts'

export interface SessionOptions extends ConnectionLimits, PendingLimits {
  /** The session timeout to ask for; the server has its own bounds. */
  readonly timeoutMs: number
  /** Whether a server that is cut off from the ensemble will do. */
  readonly acceptsReadOnly: boolean
  readonly sasl: SaslMechanism | undefined
  /** An existing session to take over. */
  readonly identity: SessionIdentity | undefined
}

/** The watches that a new connection has to be told of. */
export interface WatchSource {
  setWatches(relativeZxid: Zxid): Iterable<SetWatches2Request>
}

export interface SessionListener {
  stateChanged(change: StateChange): void
  /** The session is lost, and servers may know what became of the writes that it left. They are to be settled. */
  leftWrites(writes: LastWrites): void
  notified(event: WatcherEvent, zxid: Zxid | undefined): void
}

/** What a session goes on with: the servers, and what the one before it knew. */
export interface SessionStart {
  readonly servers: ServerList
  /** Go on, so that a number means one request of the client, whichever session it was made in. */
  readonly xids: XidSequence
  readonly credentials: readonly Credential[]
  readonly seen: SeenZxids
}

export class Session {
  readonly #options: SessionOptions
  readonly #world: World
  readonly #watches: WatchSource
  readonly #listener: SessionListener
  readonly #servers: ServerList
  readonly #xids: XidSequence
  readonly #credentials: Credentials
  readonly #times: SessionTimes
  readonly #alarm: WatchfulAlarm
  readonly #pending: PendingBound
  readonly #calls: CallQueue
  #phase: SessionPhase = { type: 'unlinked' }
  #state: SessionState = 'idle'
  #identity: SessionIdentity | undefined
  /** A server that is cut off from the ensemble gave the session: no other server knows it. */
  #isProvisional = false
  #isMoving = false
  #search: ReadWriteSearch | undefined
  #isReadOnly = false
  /** Whether a server has taken the session on a connection of this object. */
  #wasHeld = false
  readonly #seen: SeenZxids
  #lastCause: unknown
  #closing: Promise<void> | undefined

  constructor(
    options: SessionOptions,
    start: SessionStart,
    world: World,
    watches: WatchSource,
    listener: SessionListener,
  ) {
    this.#options = options
    this.#pending = new PendingBound(options, () => {
      const linked = this.#phase.type === 'linked' ? this.#phase.connection.inFlightCount : 0
      return linked + this.#calls.size
    })
    this.#world = world
    this.#alarm = new WatchfulAlarm(world.clock, () => this.#tick())
    this.#watches = watches
    this.#listener = listener
    this.#servers = start.servers
    this.#xids = start.xids
    this.#credentials = new Credentials(world.clock, start.credentials)
    this.#seen = start.seen
    this.#identity = options.identity
    this.#times = new SessionTimes(options.timeoutMs)
    this.#calls = new CallQueue({
      platform: world.platform,
      isTakenOver: options.identity !== undefined,
      serverCount: () => this.#servers.size,
      lessened: () => this.#pending.lessened(),
      moveOn: () => this.#leaveLink('has forgotten what became of earlier writes'),
    })
  }

  get state(): SessionState {
    return this.#state
  }

  get identity(): SessionIdentity | undefined {
    return this.#identity
  }

  /** See {@link SessionTimes.timeoutMs}. */
  get timeoutMs(): number {
    return this.#times.timeoutMs
  }

  get isReadOnly(): boolean {
    return this.#isReadOnly
  }

  get seen(): SeenZxids {
    return this.#seen
  }

  /** See {@link SessionTimes.confirmedAtMs}. */
  get confirmedAtMs(): number {
    return this.#times.confirmedAtMs
  }

  /** The server of the present connection. */
  get server(): ServerAddress | undefined {
    return this.#phase.type === 'linked' ? this.#phase.server : undefined
  }

  /** The identities that were claimed so far, for the session after this one. */
  get credentials(): readonly Credential[] {
    return this.#credentials.accepted
  }

  /** Starts to connect, if that was not done yet. */
  open(): void {
    if (this.#phase.type !== 'unlinked') return
    this.#times.lastHeardAtMs = this.#world.clock.nowMs()
    this.#enter('connecting')
    this.#dial()
  }

  submit<T>(operation: Operation<T>, options: CallOptions = {}): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const resolved = resolve as (value: unknown) => void
      const call = new Call(operation, resolved, reject, this.#pending.bytes)
      if (this.#world.tracer?.isActive) this.#trace(call, this.#world.tracer)
      call.limit(this.#world.clock, options)
      if (!call.isSettled) this.#accept(call)
    })
  }

  #trace(call: Call, tracer: Tracer): void {
    const { name: op, path } = call.operation
    const { server } = this
    call.onSettled(tracer.callStarted({ op, path, sessionId: this.#identity?.id, server }))
  }

  #traceConnection(type: TracedConnection['type'], server: ServerAddress, cause?: unknown): void {
    this.#world.tracer?.connectionChanged({
      type,
      server,
      sessionId: this.#identity?.id,
      ...(cause === undefined ? {} : { cause }),
    })
  }

  /** Leaves this server for the next one once no answer is due; what is called meanwhile waits. No call is cut off. */
  move(): void {
    if (this.#phase.type !== 'linked') return
    this.#isMoving = true
    this.#calls.hold(true)
    this.#moveWhenIdle()
  }

  /** Claims an identity on this and every later connection. */
  authenticate(scheme: string, auth: Uint8Array | null, options: CallOptions = {}): Promise<void> {
    return this.#credentials.claim({ scheme, auth }, options, (credential) => {
      if (this.#refuseWhenOver(credential.call)) return
      if (this.#phase.type === 'linked') this.#phase.connection.sendAuth(credential)
      else this.open()
    })
  }

  /**
   * Ends the session on the server if one is connected; otherwise the server ends it after its timeout. At the deadline
   * or the signal the connection is left without the server's answer.
   */
  close(options: CallOptions = {}, cause?: unknown): Promise<void> {
    this.#closing ??= this.#leave(headerOnly('closeSession', OpCode.closeSession), options, cause)
    return this.#closing
  }

  /** Ends here and lives on, for another client to take: answers that are due come first, and nothing is sent later. */
  async handOver(options: CallOptions = {}): Promise<SessionIdentity | undefined> {
    this.#closing ??= this.#leave(exists(rootPath, false), options)
    await this.#closing
    return this.#isProvisional ? undefined : this.#identity
  }

  /** @param last the request whose answer, or loss, is the end */
  async #leave(last: Operation<unknown>, options: CallOptions, cause?: unknown): Promise<void> {
    if (this.#phase.type === 'linked') {
      await new Promise<void>((resolve) => {
        const call = new Call(
          last,
          () => resolve(),
          () => resolve(),
        )
        call.limit(this.#world.clock, options)
        this.#calls.hold(false)
        if (!call.isSettled) this.#calls.submit(call)
      })
    }
    if (this.#phase.type !== 'ended') this.#end('closed', 'Closed', cause)
  }

  #accept(call: Call): void {
    if (this.#refuseWhenOver(call)) return
    if (this.#pending.isReached) {
      call.fail('Overloaded')
      return
    }
    this.#calls.submit(call)
    if (this.#calls.size > 0) this.open()
  }

  /** Resolves when no more than half is pending of what may be. */
  drained(): Promise<void> {
    return this.#pending.drained()
  }

  #refuseWhenOver(call: Call): boolean {
    if (this.#state === 'expired') call.fail('SessionExpired', this.#lastCause)
    else if (this.#closing !== undefined)
      call.fail('Closed', this.#phase.type === 'ended' ? this.#lastCause : undefined)
    return call.isSettled
  }

  #dial(): void {
    const server = this.#servers.next()
    this.#traceConnection('dialing', server)
    const decoder = new FrameDecoder(this.#options.replyBytesMax)
    const link = this.#world.transport.dial(server, {
      opened: () => link.send(this.#connectFrame()),
      received: (bytes) => this.#received(link, decoder, bytes),
      closed: (cause) => this.#linkClosed(cause),
    })
    const sinceMs = this.#world.clock.nowMs()
    const untilMs = sinceMs + this.#times.dialMs(this.#servers.size)
    this.#phase = { type: 'dialing', link, server, sinceMs, untilMs }
    this.#schedule()
  }

  #connectFrame(): Uint8Array {
    const identity = this.#isProvisional ? undefined : this.#identity
    const request = {
      protocolVersion: 0,
      lastZxidSeen: this.#seen.last,
      timeOut: this.#options.timeoutMs,
      sessionId: identity?.id ?? noSession,
      passwd: identity?.password ?? new Uint8Array(16),
      readOnly: this.#options.acceptsReadOnly,
    }
    return connectFrame(request, this.#world.platform)
  }

  #received(link: Link, decoder: FrameDecoder, bytes: Uint8Array): void {
    if (this.#phase.type === 'linked') {
      this.#times.lastHeardAtMs = this.#world.clock.nowMs()
      this.#phase.connection.heard()
    }
    try {
      decoder.push(bytes, {
        frame: (frameBytes, start, end) => {
          const phase = this.#phase
          if (phase.type === 'dialing') this.#welcome(frameBytes, start, end)
          else if (phase.type === 'linked' || phase.type === 'authenticating')
            phase.connection.frame(frameBytes, start, end)
        },
        oversized: (frameBytes, start, end) => {
          if (this.#phase.type === 'linked')
            this.#phase.connection.oversized(frameBytes, start, end)
        },
      })
      this.#pending.lessened()
    } catch (error) {
      if (this.#phase.type === 'ended') return
      link.close()
      this.#linkClosed(error)
    }
    if (this.#isMoving) this.#moveWhenIdle()
  }

  #moveWhenIdle(): void {
    const phase = this.#phase
    if (phase.type !== 'linked' || this.#closing !== undefined) return
    if (phase.connection.inFlightCount > 0) return
    phase.link.close()
    const cause = new Error(`left ${describeServer(phase.server)} for another`)
    this.#calls.detach(phase.connection.abandon(), cause)
    this.#enter('disconnected', { cause })
    this.#dial()
  }

  #welcome(bytes: Uint8Array, start: number, end: number): void {
    if (this.#phase.type !== 'dialing') return
    const response = readConnectResponse(bytes, start, end)
    if (response.timeOut <= 0) {
      if (this.#identity === undefined || this.#isProvisional)
        throw new Error(`${describeServer(this.#phase.server)} gave no session`)
      this.#phase.link.close()
      this.#expire(this.#phase.server)
      return
    }
    const { link, server, sinceMs } = this.#phase
    this.#isReadOnly = response.readOnly ?? false
    this.#isProvisional = this.#isReadOnly && (this.#isProvisional || this.#identity === undefined)
    this.#wasHeld = true
    this.#identity = {
      id: response.sessionId,
      password: response.passwd?.slice() ?? new Uint8Array(16),
    }
    this.#times.timeoutMs = response.timeOut
    this.#times.lastHeardAtMs = this.#world.clock.nowMs()
    this.#times.confirmedAtMs = sinceMs
    const { outcomes } = response
    const connection = this.#connect(link, {
      readsLinearizably: readsLinearizably(response),
      outcomes,
    })
    const { sasl } = this.#options
    if (sasl === undefined) {
      this.#established(link, server, connection)
      return
    }
    this.#phase = { ...this.#phase, type: 'authenticating', connection }
    authenticate(connection, sasl, {
      authenticated: () => this.#established(link, server, connection),
      refused: (error) => this.#refused(link, error),
    })
  }

  #established(link: Link, server: ServerAddress, connection: Connection): void {
    this.#servers.succeeded()
    this.#phase = { type: 'linked', link, server, connection }
    this.#traceConnection('connected', server)
    this.#enter('connected', { server })
    this.#catchUp(connection)
    this.#schedule()
    if (this.#isReadOnly)
      this.#search = new ReadWriteSearch(this.#world, this.#servers, (found) => {
        this.#servers.prefer(found)
        this.move()
      })
  }

  /** Other servers, or the same one later, may be of another mind. Before there is a session to lose nobody waits for that. */
  #refused(link: Link, error: ZooKeeperError): void {
    link.close()
    this.#lastCause = error
    if (error.code === 'AuthFailed' && this.#state === 'connecting') {
      this.#identity = this.#options.identity
      this.#failWaiting('AuthFailed')
    }
    this.#linkClosed(error)
  }

  #connect(link: Link, abilities: ServerAbilities): Connection {
    const options = { ...this.#options, ...abilities }
    return new Connection(link, this.#world, this.#xids, options, {
      notified: (event, zxid) => {
        if (zxid !== undefined) this.#seen.notified(zxid)
        this.#listener.notified(event, zxid)
      },
      answered: (zxid) => this.#seen.answered(zxid),
      confirmed: (sentAtMs) => (this.#times.confirmedAtMs = sentAtMs),
      roomMade: () => this.#calls.sendNext(),
      refused: (credential) => this.#credentials.drop(credential),
      broke: (cause) => {
        link.close()
        this.#linkClosed(cause)
      },
    })
  }

  #catchUp(connection: Connection): void {
    this.#credentials.sendAll(connection)
    for (const request of this.#watches.setWatches(this.#seen.complete))
      connection.sendWatches(request)
    this.#calls.attach(connection)
  }

  /** Leaves a server for another one. @param why what it did, or did not do */
  #leaveLink(why: string): void {
    if (!('link' in this.#phase)) return
    const { link, server } = this.#phase
    link.close()
    this.#linkClosed(new Error(`${describeServer(server)} ${why}`))
  }

  #linkClosed(cause: unknown): void {
    this.#lastCause = cause
    const phase = this.#phase
    if ('server' in phase) this.#traceConnection('lost', phase.server, cause)
    if (phase.type === 'authenticating') phase.connection.abandon()
    if (phase.type === 'dialing' || phase.type === 'authenticating') {
      this.#pause()
      return
    }
    if (phase.type !== 'linked') return

    const unanswered = phase.connection.abandon()
    if (this.#closing !== undefined) {
      for (const call of unanswered) call.fail('ConnectionLoss', cause)
      this.#calls.failAll('ConnectionLoss', cause)
      return
    }
    this.#calls.detach(unanswered, cause)
    this.#enter('disconnected', { cause })
    this.#pause()
  }

  #pause(): void {
    this.#phase = {
      type: 'pausing',
      untilMs: this.#world.clock.nowMs() + this.#servers.pauseMs(),
    }
    this.#schedule()
  }

  /** Sets the one alarm of the session to the next moment at which something may have to be done. */
  #schedule(): void {
    this.#alarm.set(this.#times.nextAtMs(this.#phase), this.#stallsMatterMs)
  }

  /** So long after its end a stall may still be why the session is lost. */
  get #stallsMatterMs(): number {
    return this.#times.timeoutMs * 2
  }

  #tick(): void {
    const phase = this.#phase
    switch (this.#times.due(phase, this.#world.clock.nowMs())) {
      case 'giveUp':
        if ('link' in phase) phase.link.close()
        return this.#giveUp()
      case 'dial':
        return this.#dial()
      case 'dialOver':
        return this.#leaveLink('took no session in time')
      case 'silent':
        return this.#leaveLink('was silent for two thirds of the session timeout')
      case 'ping':
        if (phase.type === 'linked') phase.connection.sendPing()
        return this.#schedule()
      default:
        this.#schedule()
    }
  }

  #giveUp(): void {
    if (this.#identity !== undefined && !this.#isProvisional) {
      this.#expire()
      return
    }
    // There never was a session, so nothing is lost: the next call tries again. Servers that are behind what an earlier
    // session saw would be refused for ever, such as those whose data was wiped: from now on they will do.
    this.#identity = undefined
    this.#seen.forget()
    this.#phase = { type: 'unlinked' }
    this.#schedule()
    this.#enter('idle', { cause: this.#lastCause })
    this.#failWaiting('ConnectionLoss')
  }

  /** @param refusedBy the server that said that there is no such session */
  #expire(refusedBy?: ServerAddress): void {
    const nowMs = this.#world.clock.nowMs()
    const loss = new SessionLoss({
      refusedBy,
      wasHeld: this.#wasHeld,
      timeoutMs: this.#times.timeoutMs,
      silentMs: nowMs - this.#times.lastHeardAtMs,
      stallMs: this.#alarm.longestStallMs(this.#stallsMatterMs),
      cause: this.#lastCause,
    })
    this.#end('expired', 'SessionExpired', loss)
  }

  #end(state: 'expired' | 'closed', code: ZooKeeperErrorCode, cause?: unknown): void {
    const phase = this.#phase
    const identity = this.#identity
    const writes = state === 'expired' ? this.#calls.takeUnresolved() : []
    this.#lastCause = cause
    this.#phase = { type: 'ended' }
    this.#schedule()
    this.#enter(state, { cause })
    if ('link' in phase) phase.link.close()
    if (phase.type === 'linked')
      for (const call of phase.connection.abandon()) call.fail(code, cause)
    this.#failWaiting(code)
    if (identity !== undefined && writes.length > 0)
      this.#listener.leftWrites({ identity, writes, timeoutMs: this.#times.timeoutMs, loss: cause })
  }

  #failWaiting(code: ZooKeeperErrorCode): void {
    this.#calls.failAll(code, this.#lastCause)
    this.#credentials.fail(code, this.#lastCause)
    this.#pending.lessened()
  }

  #enter(state: SessionState, change: Omit<StateChange, 'state'> = {}): void {
    this.#state = state
    this.#isMoving = false
    this.#search?.stop()
    this.#search = undefined
    this.#listener.stateChanged({ state, ...change })
  }
}

const noSession = 0n as SessionId
const rootPath: NodePath = { server: '/', client: '/' }
