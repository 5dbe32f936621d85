/**
 * The driver of a replica in the simulated world; its duties are those of the server room's. It brings events in one at a
 * time, each with the clock, and carries out what the replica asks for in order.
 *
 * 1. `Replica.synced` follows a sync of the log that has succeeded, never anything else.
 * 2. A tick is carried out behind all input that is there: a stall of the process is not the death of its clients.
 */
import { purge, SnapshotWriter, TxnLog } from '@quorate/log'
import { decode, type Txn, txn as txnCodec, type Zxid } from '@quorate/protocol'
import {
  type ClientConnection,
  Replica,
  type ReplicaDriver,
  type ReplicaOptions,
  type ReplicaReport,
} from '@quorate/replica'
import type { SnapshotImage, Tree } from '@quorate/tree'
import type { SimulatedDisk } from '../disk/simulated-disk.ts'
import type { Host } from '../host.ts'
import type { Endpoint } from '../network/endpoint.ts'
import { usPerMs, type World } from '../world.ts'
import { SimulatedClientLink } from './client-link.ts'

export interface DriverParts {
  readonly world: World
  readonly host: Host
  readonly disk: SimulatedDisk
  /** The version-2 folder, of log and snapshots. */
  readonly directory: string
  readonly tree: Tree
  readonly options: ReplicaOptions
  readonly listener: DriverListener
}

/** Who is told of what the process does. */
export interface DriverListener {
  snapshotStarted(): void
  snapshotEnded(): void
  /** The process cannot go on. */
  failed(error: Error): void
}

/** Put into the log, and not yet applied. */
interface Appended {
  readonly zxid: Zxid
  readonly txn: Txn
  readonly bytes: Uint8Array
}

/** Between two slices of a snapshot: other work comes in between. */
const snapshotStepUs = 300

export class StandaloneDriver implements ReplicaDriver {
  readonly parts: DriverParts
  readonly log: TxnLog
  readonly replica: Replica
  readonly #appended: Appended[] = []

  constructor(parts: DriverParts) {
    this.parts = parts
    const { disk, directory, options, host } = parts
    this.log = new TxnLog(disk, directory, {
      platform: options.platform,
      preallocateBytes: 8_192,
      fileSizeMax: 65_536,
    })
    this.replica = new Replica(options, this, parts.tree, host)
    this.#scheduleTick()
  }

  accept(endpoint: Endpoint): void {
    this.enter(() => {
      const connection = this.replica.connected(new SimulatedClientLink(endpoint))
      endpoint.handler = {
        received: (bytes) =>
          this.enter(() => this.replica.received(connection, bytes, 0, bytes.length)),
        drained: () => this.enter(() => this.replica.drained(connection)),
        closed: () => this.#disconnected(connection),
      }
    })
  }

  append(zxid: Zxid, bytes: Uint8Array): void {
    const copy = bytes.slice()
    const txn = decode(txnCodec, copy)
    this.log.append(zxid, bytes)
    this.#appended.push({ zxid, txn, bytes: copy })
    this.parts.host.note(`proposes ${zxid}, type ${txn.header.type}`)
    this.parts.world.observe({ type: 'proposed', server: this.parts.host.name, zxid, txn })
  }

  sync(upTo: Zxid): void {
    this.log.sync((error) => {
      if (error === undefined) this.enter(() => this.replica.synced(upTo))
      else this.parts.listener.failed(error)
    })
  }

  requestTurnEnd(): void {
    this.parts.host.atEventEnd('ends its turn', () => this.enter(() => this.replica.turnEnded()))
  }

  takeSnapshot(image: SnapshotImage): void {
    const { disk, directory, options, listener } = this.parts
    this.log.roll()
    this.parts.host.note(`begins a snapshot at ${image.zxid}`)
    listener.snapshotStarted()
    this.#stepSnapshot(
      new SnapshotWriter(disk, directory, image, { platform: options.platform, sliceBytes: 512 }),
    )
  }

  report({ code, message }: ReplicaReport): void {
    this.parts.host.note(`${code}: ${message}`)
  }

  /** Runs an event of the replica at the present time, and tells what it applied. */
  protected enter(event: () => void): void {
    const { host, tree, world } = this.parts
    this.replica.advanceClock(host.monotonicMs, host.wallMs)
    event()
    while (this.#appended[0] !== undefined && this.#appended[0].zxid <= tree.lastZxid) {
      const applied = this.#appended.shift()!
      host.note(`has applied ${applied.zxid}`)
      world.observe({ type: 'applied', server: host.name, isReplay: false, ...applied })
    }
  }

  #disconnected(connection: ClientConnection): void {
    this.enter(() => this.replica.disconnected(connection))
  }

  #stepSnapshot(writer: SnapshotWriter): void {
    const { host, listener } = this.parts
    host.after(snapshotStepUs, 'timer', 'writes a slice of its snapshot', () => {
      writer.step((error, isFinished) => {
        if (error === undefined && !isFinished) {
          this.#stepSnapshot(writer)
          return
        }
        host.note(error === undefined ? `has ${writer.path}` : `has no snapshot: ${error.message}`)
        if (error === undefined) this.#purge()
        listener.snapshotEnded()
        this.enter(() => this.replica.snapshotEnded())
      })
    })
  }

  #purge(): void {
    const { disk, directory } = this.parts
    const removed = purge({
      disk,
      dataDirectory: directory,
      logDirectory: directory,
      retainCount: 3,
    })
    for (const { name } of removed) this.parts.host.note(`purges ${name}`)
  }

  #scheduleTick(): void {
    const { host, options } = this.parts
    host.after((options.tickTimeMs / 2) * usPerMs, 'timer', 'ticks', () => {
      this.#scheduleTick()
      this.tickDue()
    })
  }

  /** Puts the tick behind the input that is there. */
  protected tickDue(): void {
    this.parts.host.behindInput('ticks', () => this.enter(() => this.replica.ticked()))
  }
}
