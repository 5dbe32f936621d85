/** What a server of either kind says in its log of the machine it runs on and of its tree, and counts on the way. */
import type { TreeOptions } from '@quorate/tree'
import type { LogSink } from './server-log.ts'
import type { ServerMeters } from './server-meters.ts'

type Told<Name extends 'digestMismatched' | 'softQuotaExceeded'> = Parameters<
  NonNullable<TreeOptions[Name]>
>[0]

export class ServerReports {
  readonly #log: LogSink
  readonly #meters: ServerMeters
  readonly #fsyncWarningMs: number

  constructor(parts: {
    readonly log: LogSink
    readonly meters: ServerMeters
    /** A sync that takes so long is worth a line. */
    readonly fsyncWarningMs: number
  }) {
    this.#log = parts.log
    this.#meters = parts.meters
    this.#fsyncWarningMs = parts.fsyncWarningMs
  }

  stalled(lateMs: number): void {
    const message = `the process stood still for ${Math.round(lateMs)} ms; what was sent to it meanwhile is handled before anything expires`
    this.#log.write({ level: 'warn', code: 'PROCESS_STALLED', message })
  }

  synced(durationMs: number): void {
    this.#meters.syncTime.record(durationMs)
    if (durationMs < this.#fsyncWarningMs) return
    const message = `a sync of the log took ${Math.round(durationMs)} ms; writes wait for it; give the log a device of its own (dataLogDir)`
    this.#log.write({ level: 'warn', code: 'FSYNC_SLOW', message })
  }

  recovered(
    dataDir: string,
    figures: { readonly lastZxid: number; readonly replayedCount?: number },
  ): void {
    const lastZxid = `0x${figures.lastZxid.toString(16)}`
    this.#log.write({
      level: 'info',
      code: 'RECOVERED',
      message: `recovered ${dataDir}`,
      fields: { ...figures, lastZxid, durationMs: this.#meters.recoveryMs },
    })
  }

  digestMismatched({ zxid, expected, found }: Told<'digestMismatched'>): void {
    this.#meters.digestMismatchCount++
    const message = `after zxid 0x${zxid.toString(16)} the tree's digest is ${found}, but ${expected} stands in the transaction: this server or the one that wrote it has gone wrong; compare with a backup, or with the other servers (hash)`
    this.#log.write({ level: 'error', code: 'DIGEST_MISMATCH', message })
  }

  softQuotaExceeded({ path, limits, use }: Told<'softQuotaExceeded'>): void {
    const message = `the subtree ${path} has ${use}, above its soft quota of ${limits}; nothing is refused`
    this.#log.write({ level: 'warn', code: 'SOFT_QUOTA_EXCEEDED', message })
  }
}
