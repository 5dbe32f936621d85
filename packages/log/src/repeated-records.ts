/**
 * Tells whether records that go back in zxid are the same as those that were read before.
 *
 * Apache's followers write such logs: when a synchronisation is cut short, transactions reach the log that the server's
 * memory never sees (ZOOKEEPER-4541, ZOOKEEPER-4712), and the next leader sends them again. Apache replays both. The
 * second of two equal records changes nothing, since all that stand between them are repeated too, so it is passed over.
 * Another record under a zxid that was read already is a history that forks, and is refused.
 */
import type { Zxid } from '@quorate/protocol'

/** A record, as `bytes[start, end)`. */
export interface LoggedRecord {
  readonly zxid: Zxid
  readonly bytes: Uint8Array
  readonly start: number
  readonly end: number
}

/** What was read before, from its beginning. */
interface EarlierRecords extends LoggedRecord {
  next(): boolean
  close(): void
}

export class RepeatedRecords {
  readonly #open: () => EarlierRecords
  #earlier: EarlierRecords | undefined

  constructor(open: () => EarlierRecords) {
    this.#open = open
  }

  /** Repetitions come in runs that grow: a record is looked for behind the one before it, and from the beginning otherwise. */
  hold(record: LoggedRecord): boolean {
    if (this.#earlier !== undefined && this.#earlier.zxid >= record.zxid) this.close()
    const earlier = (this.#earlier ??= this.#open())
    while (earlier.zxid < record.zxid) if (!earlier.next()) return false
    return isEqual(earlier, record)
  }

  close(): void {
    this.#earlier?.close()
    this.#earlier = undefined
  }
}

function isEqual(one: LoggedRecord, other: LoggedRecord): boolean {
  const length = one.end - one.start
  if (one.zxid !== other.zxid || length !== other.end - other.start) return false
  for (let i = 0; i < length; i++)
    if (one.bytes[one.start + i] !== other.bytes[other.start + i]) return false
  return true
}
