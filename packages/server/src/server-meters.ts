import { Summary } from './summary.ts'

/** What the server room measures itself, beside what the replica and the client port count. */
export class ServerMeters {
  readonly startedAtMs: number
  /** Milliseconds from the first look at the disk to the recovered tree. */
  recoveryMs = 0
  /** Milliseconds of each sync of the log. */
  readonly syncTime: Summary = new Summary()
  /** Milliseconds of each snapshot, from its first slice to its name. */
  readonly snapshotTime: Summary = new Summary()
  digestMismatchCount = 0

  constructor(startedAtMs: number) {
    this.startedAtMs = startedAtMs
  }
}
