/**
 * Writes the snapshots that the replica asks for, and removes old snapshots and logs.
 *
 * Compatibility: a snapshot that cannot be written is logged and tried again when the next one is due, since all it holds
 * is in the log; Apache ZooKeeper stops with exit code 10.
 */
import { type Disk, purge, SnapshotWriter, versionDirectory } from '@quorate/log'
import type { SnapshotImage } from '@quorate/tree'
import type { ServerConfig } from './config/server-config.ts'
import { newGzipCompressor } from './native-gzip.ts'
import type { Machine } from './machine.ts'
import { nativePlatform } from './native-platform.ts'
import type { LogSink } from './server-log.ts'
import type { ServerMeters } from './server-meters.ts'
import { SnapshotJob } from './snapshot-job.ts'

export class SnapshotKeeper {
  readonly #config: ServerConfig
  readonly #log: LogSink
  readonly #meters: ServerMeters
  /** Snapshots are large and nobody waits for them: their syncs never hold the loop. */
  readonly #disk: Disk
  #purgeTimer: NodeJS.Timeout | undefined
  #job: SnapshotJob | undefined

  constructor(parts: {
    readonly config: ServerConfig
    readonly machine: Machine
    readonly log: LogSink
    readonly meters: ServerMeters
  }) {
    this.#config = parts.config
    this.#log = parts.log
    this.#meters = parts.meters
    this.#disk = parts.machine.openDisk({ chooseSyncMode: () => 'threaded' })
  }

  /** Purges now and from time to time, when the configuration says so: a server may not run for a whole interval. */
  startPurging(): void {
    if (this.#config.purgeIntervalMs === 0) return
    this.purge()
    // A timer cannot wait longer than 2^31 - 1 ms.
    const intervalMs = Math.min(this.#config.purgeIntervalMs, 0x7fff_ffff)
    this.#purgeTimer = setInterval(() => this.purge(), intervalMs)
  }

  take(image: SnapshotImage, ended: () => void): void {
    const startedAtMs = performance.now()
    const writer = new SnapshotWriter(this.#disk, versionDirectory(this.#config.dataDir), image, {
      platform: nativePlatform,
      writesDigest: this.#config.digestEnabled,
      writesLastZxid: this.#config.snapshotsHaveLastZxid,
      gzip: this.#config.compressesSnapshots ? newGzipCompressor() : undefined,
    })
    this.#job = new SnapshotJob(writer, (error) => {
      this.#job = undefined
      const durationMs = performance.now() - startedAtMs
      if (error === undefined) this.#reportWritten(writer, durationMs)
      else this.#reportFailed(writer, error)
      ended()
    })
  }

  #reportWritten(writer: SnapshotWriter, durationMs: number): void {
    this.#meters.snapshotTime.record(durationMs)
    this.#log.write({
      level: 'info',
      code: 'SNAPSHOT_WRITTEN',
      message: `wrote the snapshot ${writer.path}`,
      fields: { bytes: writer.writtenBytes, durationMs: Math.round(durationMs) },
    })
  }

  #reportFailed(writer: SnapshotWriter, error: Error): void {
    this.#log.write({
      level: 'error',
      code: 'SNAPSHOT_FAILED',
      message: `the snapshot ${writer.path} could not be written (${error.message}); the server goes on, and the log keeps everything; mend the disk`,
    })
  }

  /** Removes what no recovery from one of the newest snapshots would read. */
  purge(): void {
    const { dataDir, dataLogDir, snapRetainCount } = this.#config
    try {
      const files = purge({
        disk: this.#disk,
        dataDirectory: versionDirectory(dataDir),
        logDirectory: versionDirectory(dataLogDir),
        retainCount: snapRetainCount,
      })
      if (files.length === 0) return
      const message = `removed ${files.length} old snapshots and logs`
      this.#log.write({
        level: 'info',
        code: 'PURGED',
        message,
        fields: { files: files.map((file) => file.name) },
      })
    } catch (error) {
      const message = `old snapshots and logs could not be removed: ${(error as Error).message}; mend the disk or remove them by hand`
      this.#log.write({ level: 'warn', code: 'PURGE_FAILED', message })
    }
  }

  /** Gives up the snapshot being written, if there is one; its `ended` is not called. */
  abort(): void {
    this.#job?.stop()
    this.#job = undefined
  }

  stop(): void {
    clearInterval(this.#purgeTimer)
    this.abort()
  }
}
