/** What a replica asks of the driver that hosts it: sockets, disk and snapshots, as calls that are carried out in order. */
import type { Zxid } from '@quorate/protocol'
import type { SnapshotImage } from '@quorate/tree'

/** The driver's end of one client connection. */
export interface ClientLink {
  /** The peer's address as text, without port: "127.0.0.1", "::1". */
  readonly remoteAddress: string
  readonly remotePort: number
  /**
   * Sends `bytes[start, end)`. True: they are gone, and the caller may use the buffer again. False: the link holds on to the
   * buffer until they are, and the caller may not touch it again.
   */
  write(bytes: Uint8Array, start: number, end: number): boolean
  /** Bytes written but not yet taken by the peer. When they become 0 again, the driver calls `Replica.drained`. */
  readonly queuedBytes: number
  /** Stops and starts the calls of `received`; what the peer sends meanwhile waits in the socket. */
  pause(): void
  resume(): void
  /** Closes after what was written has been sent. `Replica.disconnected` follows. */
  close(): void
}

/** Something worth a line in the log. */
export interface ReplicaReport {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  /** Stable, in the manner of SESSION_EXPIRED. */
  readonly code: string
  /** What was found, what was expected, what to do. */
  readonly message: string
  readonly fields?: Readonly<Record<string, unknown>>
}

export interface ReplicaDriver {
  /** Puts a transaction at the end of the log. The bytes are valid until the sync that covers it is done. */
  append(zxid: Zxid, txn: Uint8Array): void
  /** Makes the log durable up to `upTo`, then calls `Replica.synced(upTo)`. One at a time. */
  sync(upTo: Zxid): void
  /** There is work for `Replica.turnEnded`: call it once when all input that is there has been handled. */
  requestTurnEnd(): void
  /** Starts a new log file and writes the image to a snapshot file in slices. Asked for only while none is being written. */
  takeSnapshot(image: SnapshotImage): void
  report(report: ReplicaReport): void
}
