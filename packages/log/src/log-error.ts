/** Every way in which files on disk, or the disk, are not what they should be. Callers match {@link LogError.code}. */
export type LogErrorCode =
  /**
   * A log file does not start with the magic "ZKLG". Expected: the 16-byte header. To do: move the file away if it is no
   * transaction log; otherwise restore it from a backup or let the server be synchronised by the others.
   */
  | 'LOG_BAD_HEADER'
  /**
   * A record's checksum, length or end marker is wrong, and records that were durable follow it. Expected: every record but
   * the last ones of a crash to be whole. To do: on an ensemble, empty this server's data folders and let it synchronise;
   * alone, copy the valid prefix with the log tool's `recover` and accept that what follows is lost.
   */
  | 'LOG_DAMAGED'
  /** A record's bytes are whole but are no transaction (too short, or a zxid of a refused epoch). To do: as LOG_DAMAGED. */
  | 'LOG_BAD_RECORD'
  /**
   * A record has a transaction type that this version doesn't know. Expected: the types of Apache ZooKeeper 3.9. To do: start
   * the version that wrote it.
   */
  | 'LOG_UNKNOWN_TYPE'
  /** A zxid is not larger than the one before it in the log. To do: as LOG_DAMAGED. */
  | 'LOG_ORDER'
  /**
   * Records are missing between two zxids: behind the snapshot, or between two log files. To do: put the missing log file
   * back, or let the server synchronise from the others with empty data folders.
   */
  | 'LOG_HOLE'
  /** A log file that is not the last is empty or ends in a record that was cut. To do: as LOG_HOLE. */
  | 'LOG_CUT'
  /** There are log files but no snapshot. To do: restore the snapshot, or start with `snapshot.trust.empty=true` once. */
  | 'LOG_WITHOUT_SNAPSHOT'
  /** A log file is in the snapshot directory although `dataLogDir` is another. To do: move it to `dataLogDir`/version-2. */
  | 'LOG_IN_SNAPSHOT_DIRECTORY'
  /** A snapshot is in the log directory although `dataDir` is another. To do: move it to `dataDir`/version-2. */
  | 'SNAPSHOT_IN_LOG_DIRECTORY'
  /** A log file of the name that the next one must have is there already. To do: report it; nothing was overwritten. */
  | 'LOG_FILE_EXISTS'
  /**
   * A write or sync of the log failed before; what the disk holds since is unknown, so nothing more is appended. To do: see
   * the cause (disk full, I/O error), mend it, restart the server.
   */
  | 'LOG_FAILED'
  /** The log was closed. A broken invariant of the caller. */
  | 'LOG_CLOSED'
  /** The zxid to cut the log at lies before what the log holds. To do: synchronise with a whole snapshot instead. */
  | 'LOG_TRUNCATE_IMPOSSIBLE'
  /** A snapshot's header, a length or its end is wrong. To do: delete it, if an older one and all logs since are there. */
  | 'SNAPSHOT_DAMAGED'
  /** A snapshot's Adler-32 seal doesn't match its bytes. To do: as SNAPSHOT_DAMAGED. */
  | 'SNAPSHOT_SEAL'
  /** The tree refuses what a snapshot holds (a node without its parent or its ACL). To do: as SNAPSHOT_DAMAGED. */
  | 'SNAPSHOT_REFUSED'
  /** A snapshot is compressed in a way for which the driver gave no decompressor, or its compressed bytes are wrong. */
  | 'SNAPSHOT_COMPRESSION'
  /** A snapshot was given up while it was written, as the history that it holds is about to be dropped. To do: nothing. */
  | 'SNAPSHOT_REVOKED'
  /**
   * Snapshots are there and none can be loaded, or the logs don't reach from an older one to the newest. To do: restore the
   * newest snapshot from a backup, or let the server synchronise from the others with empty data folders.
   */
  | 'SNAPSHOT_NONE_USABLE'
  /** An epoch file doesn't hold a decimal number. To do: write the epoch of the last zxid into it if that is known. */
  | 'EPOCH_FILE_BAD'
  /**
   * acceptedEpoch is less than currentEpoch. Expected: an epoch is accepted before it becomes the current one. To do: put the
   * files of one moment back; or empty the data folders and let the server synchronise from the others.
   */
  | 'EPOCH_ORDER'
  /** What a leader sends as its state is malformed. To do: see what is wrong with the leader; nothing was changed here. */
  | 'STATE_STREAM_BAD'

export interface LogErrorPlace {
  readonly file?: string
  /** Bytes from the start of the file (of the decompressed stream for a compressed snapshot). */
  readonly offset?: number
  readonly cause?: unknown
}

/** A failure of the files or the disk. The message says what was found, what was expected and what to do. */
export class LogError extends Error {
  override readonly name = 'LogError'
  readonly code: LogErrorCode
  readonly file: string | undefined
  readonly offset: number | undefined

  constructor(code: LogErrorCode, message: string, place: LogErrorPlace = {}) {
    const where = place.file === undefined ? '' : `${place.file}${at(place.offset)}: `
    super(where + message, place.cause === undefined ? undefined : { cause: place.cause })
    this.code = code
    this.file = place.file
    this.offset = place.offset
  }
}

/** What was thrown, as an Error: code outside of this room may throw anything. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}

function at(offset: number | undefined): string {
  return offset === undefined ? '' : ` at byte ${offset}`
}
