/**
 * The history that the servers agreed on, gathered from their logs: now and then while they run, since a log that is replaced by a
 * snapshot is gone, and when all have come together and stopped.
 *
 * 1. What stands at a zxid is the same in every log that ever had it.
 * 2. The history leads from the last transaction of the stopped servers back to the first, and leaves nothing out.
 * 3. In the end no log has a transaction that is not part of it. (Before, logs may: leaders propose what nobody commits.)
 */
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { listLogs, LogFileReader } from '@quorate/log'
import { decode, txn as txnCodec, type Zxid } from '@quorate/protocol'
import { NodeDisk } from '@quorate/server'
import { formatZxid, TxnHistory } from '@quorate/simulator'

/** Whose data directory can be read here. */
export interface LoggingServer {
  readonly name: string
  readonly dataDirectory: string
}

interface Logged {
  readonly zxid: Zxid
  readonly bytes: Uint8Array
  readonly server: string
}

export interface CommittedHistory {
  readonly history: TxnHistory
  readonly problems: readonly string[]
}

const epochFactor = 0x1_0000_0000

export class HistoryGatherer {
  readonly #members: readonly LoggingServer[]
  readonly #disk = new NodeDisk({ chooseSyncMode: () => 'blocking' })
  readonly #logged = new Map<Zxid, Logged>()
  /** What stands before a transaction in a file, for the first ones of epochs. */
  readonly #beforeFirst = new Map<Zxid, Zxid>()
  /** By path. */
  readonly #gatheredBytes = new Map<string, number>()
  readonly #problems: string[] = []

  constructor(members: readonly LoggingServer[]) {
    this.#members = members
  }

  /** While servers run. What is just being written comes the next time. */
  gather(): void {
    for (const member of this.#members) {
      for (const path of this.#filesOf(member)) {
        const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0
        if (this.#gatheredBytes.get(path) === size) continue
        try {
          this.#read(path, member.name)
          this.#gatheredBytes.set(path, size)
        } catch {
          // Removed, or not whole at the moment: it is judged when the servers have stopped.
        }
      }
    }
  }

  /** When all servers have stopped. */
  finish(): CommittedHistory {
    const atEnd = new Map<Zxid, string>()
    for (const member of this.#members) {
      for (const path of this.#filesOf(member))
        for (const zxid of this.#read(path, member.name)) atEnd.set(zxid, member.name)
    }
    const chain = this.#chainTo([...atEnd.keys()].reduce((a, b) => Math.max(a, b), 0))
    const inChain = new Set(chain.map(({ zxid }) => zxid))
    for (const [zxid, server] of atEnd)
      if (!inChain.has(zxid))
        this.#problems.push(`${server} has ${formatZxid(zxid)}, which is not part of the history`)
    const history = new TxnHistory()
    let last = history.root
    for (const { bytes } of chain) last = history.add(last, decode(txnCodec, bytes), bytes)
    history.commit(last)
    return { history, problems: this.#problems }
  }

  #filesOf({ dataDirectory }: LoggingServer): readonly string[] {
    return listLogs(this.#disk, join(dataDirectory, 'version-2')).map(({ path }) => path)
  }

  /** @returns the zxids in the file */
  #read(path: string, server: string): readonly Zxid[] {
    const reader = new LogFileReader(this.#disk, path)
    const zxids: Zxid[] = []
    try {
      while (reader.next()) {
        const { zxid } = reader
        this.#note({ zxid, bytes: reader.bytes.slice(reader.start, reader.end), server })
        const before = zxids.at(-1)
        if (before !== undefined && zxid % epochFactor === 1) this.#beforeFirst.set(zxid, before)
        zxids.push(zxid)
      }
    } finally {
      reader.close()
    }
    return zxids
  }

  #note(entry: Logged): void {
    const known = this.#logged.get(entry.zxid)
    if (known === undefined) this.#logged.set(entry.zxid, entry)
    else if (Buffer.compare(known.bytes, entry.bytes) !== 0)
      this.#problems.push(
        `${known.server} and ${entry.server} have different transactions ${formatZxid(entry.zxid)}`,
      )
  }

  /** @returns the history, first to last */
  #chainTo(tip: Zxid): readonly Logged[] {
    const chain: Logged[] = []
    for (let at = tip; at > 0; at = this.#before(at)) {
      const entry = this.#logged.get(at)
      if (entry === undefined) {
        this.#problems.push(`no log has ${formatZxid(at)}`)
        break
      }
      chain.push(entry)
    }
    return chain.toReversed()
  }

  #before(zxid: Zxid): Zxid {
    if (zxid % epochFactor > 1) return zxid - 1
    const known = this.#beforeFirst.get(zxid)
    if (known !== undefined) return known
    // Every log began a new file there: what was last before is what all of them had.
    let last = 0
    for (const other of this.#logged.keys()) if (other < zxid && other > last) last = other
    return last
  }
}
