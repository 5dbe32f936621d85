/**
 * A server without sockets: the replica, its tree and its log, as every server has them, behind pipes of this process and on a clock
 * that is handed in.
 *
 * 1. Every event has the time of its own moment: the replica's clock is advanced before it.
 * 2. While it is paused nothing enters it; what came meanwhile enters in its order afterwards, before any tick.
 * 3. A log that can't be written is the end: nothing is acknowledged after it.
 */
import type { Clock, Link, LinkListener } from '@quorate/client/core'
import { SnapshotWriter, TxnLog, versionDirectory, writeSnapshot } from '@quorate/log'
import type { Zxid } from '@quorate/protocol'
import { Replica, type ReplicaDriver, type ReplicaReport } from '@quorate/replica'
import {
  ExitCode,
  type LogSink,
  type Machine,
  nativePlatform,
  recoverTree,
  type RecoveredTree,
  replicaOptionsOf,
  type RunningServer,
  type ServerConfig,
  ServerError,
} from '@quorate/server'
import type { SnapshotImage } from '@quorate/tree'
import { Pipe } from './pipe.ts'

/** Time as a server needs it. */
export interface ServerClock extends Clock {
  wallMs(): number
}

export interface PipedServerParts {
  readonly config: ServerConfig
  readonly machine: Machine
  readonly clock: ServerClock
  readonly log: LogSink
}

export class PipedServer implements RunningServer, ReplicaDriver {
  readonly address = 'in-memory'
  readonly port = 1
  readonly failure: Promise<ServerError>
  readonly #parts: PipedServerParts
  readonly #txnLog: TxnLog
  readonly #replica: Replica
  readonly #pipes = new Set<Pipe>()
  #pipeCount = 0
  #reportFailure: (error: ServerError) => void = () => {}
  #isStopped = false
  #isPaused = false
  /** What came while it was paused: no more than clients send without an answer. */
  #held: (() => void)[] = []
  #hasFailed = false
  /** Turn ends and syncs that are to come. */
  #underWayCount = 0
  #idle: (() => void) | undefined
  #stopTicking: () => void = () => {}

  /** @throws ServerError */
  static async start(parts: PipedServerParts): Promise<PipedServer> {
    const { config, machine, log } = parts
    const disk = machine.openDisk({ chooseSyncMode: () => 'blocking' })
    const recovered = await recoverTree(config, disk, {
      digestMismatched: ({ zxid }) =>
        log.write({
          level: 'error',
          code: 'DIGEST_MISMATCH',
          message: `the tree's digest after zxid 0x${zxid.toString(16)} is not that of the transaction`,
        }),
      softQuotaExceeded() {},
    })
    return new PipedServer(parts, recovered)
  }

  private constructor(parts: PipedServerParts, { tree, recovery }: RecoveredTree) {
    this.#parts = parts
    const { config, machine, clock } = parts
    this.failure = new Promise((resolve) => (this.#reportFailure = resolve))
    const disk = machine.openDisk({ chooseSyncMode: () => 'blocking' })
    this.#txnLog = new TxnLog(disk, versionDirectory(config.dataLogDir), {
      platform: nativePlatform,
      preallocateBytes: config.preAllocBytes,
      fileSizeMax: config.txnLogSizeLimitBytes,
      isSyncForced: config.forceSync,
    })
    this.#replica = new Replica(replicaOptionsOf(config), this, tree, {
      monotonicMs: Math.floor(clock.nowMs()),
      wallMs: clock.wallMs(),
      ...recovery,
    })
    this.#scheduleTick()
  }

  get mode(): 'standalone' | undefined {
    return this.#isStopped ? undefined : 'standalone'
  }

  dial(listener: LinkListener): Link {
    const pipe = new Pipe({
      port: ++this.#pipeCount,
      clock: this.#parts.clock,
      client: listener,
      accept: (link) => {
        const connection = this.#replica.connected(link)
        return {
          received: (bytes) => {
            if (!this.#isStopped)
              this.#enter(() => this.#replica.received(connection, bytes, 0, bytes.length))
          },
          disconnected: () => {
            this.#pipes.delete(pipe)
            this.#enter(() => this.#replica.disconnected(connection))
          },
        }
      },
    })
    this.#pipes.add(pipe)
    return { send: (bytes) => pipe.send(bytes), close: () => pipe.hangUp() }
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    const held = this.#held
    this.#held = []
    for (const event of held) this.#enter(event)
  }

  async stop(): Promise<void> {
    this.resume()
    this.#isStopped = true
    this.#stopTicking()
    if (this.#underWayCount > 0 && !this.#hasFailed)
      await new Promise<void>((resolve) => (this.#idle = resolve))
    this.#breakPipes()
    // A log that failed says so again here; it was reported when it did.
    await new Promise<void>((resolve) => this.#txnLog.close(() => resolve()))
  }

  async halt(): Promise<void> {
    this.#breakPipes()
    await this.stop()
  }

  // What the replica asks for.

  append(zxid: Zxid, txn: Uint8Array): void {
    try {
      this.#txnLog.append(zxid, txn)
    } catch (error) {
      this.#fail(error as Error)
    }
  }

  sync(upTo: Zxid): void {
    this.#underWayCount++
    this.#txnLog.sync((error) => {
      if (error === undefined) this.#enter(() => this.#finish(() => this.#replica.synced(upTo)))
      else this.#fail(error)
    })
  }

  requestTurnEnd(): void {
    this.#underWayCount++
    this.#parts.clock.afterTurn(() =>
      this.#enter(() => this.#finish(() => this.#replica.turnEnded())),
    )
  }

  takeSnapshot(image: SnapshotImage): void {
    const { machine, config } = this.#parts
    this.#txnLog.roll()
    const disk = machine.openDisk({ chooseSyncMode: () => 'blocking' })
    const writer = new SnapshotWriter(disk, versionDirectory(config.dataDir), image, {
      platform: nativePlatform,
    })
    // All that the snapshot would hold is in the log.
    writeSnapshot(writer, () => this.#enter(() => this.#replica.snapshotEnded()))
  }

  report(report: ReplicaReport): void {
    this.#parts.log.write(report)
  }

  /** One that was under way. */
  #finish(step: () => void): void {
    this.#underWayCount--
    if (!this.#hasFailed) step()
    if (this.#underWayCount === 0) this.#idle?.()
  }

  #enter(event: () => void): void {
    if (this.#isPaused) {
      this.#held.push(event)
      return
    }
    const { clock } = this.#parts
    this.#replica.advanceClock(Math.floor(clock.nowMs()), clock.wallMs())
    event()
  }

  #scheduleTick(): void {
    const { clock, config } = this.#parts
    const alarm = clock.wakeAfter(Math.max(1, config.tickTimeMs / 2), () => {
      this.#scheduleTick()
      // Behind the input that is there: a pause is not the death of the clients.
      clock.afterTurn(() => {
        if (!this.#isPaused && !this.#isStopped) this.#enter(() => this.#replica.ticked())
      })
    })
    this.#stopTicking = () => alarm.cancel()
  }

  #breakPipes(): void {
    for (const pipe of this.#pipes) pipe.break(new Error('the server closed the connection'))
  }

  #fail(cause: Error): void {
    if (this.#hasFailed) return
    this.#hasFailed = true
    const message = `the log cannot be written: ${cause.message}; nothing more is acknowledged, and the server stops`
    const error = new ServerError('LOG_WRITE_FAILED', ExitCode.unexpectedError, message, { cause })
    this.#isStopped = true
    this.#stopTicking()
    this.#breakPipes()
    this.#idle?.()
    this.#reportFailure(error)
  }
}
