/**
 * currentEpoch and acceptedEpoch of one member.
 *
 * 1. A value in memory is on disk: it changes when the file is durable, not before (ZOOKEEPER-2307).
 * 2. One write of a kind is under way at most; a role that ended may have left one behind that the next role's must wait for.
 *
 * Compatibility: a log or snapshot that is of a newer epoch than currentEpoch does not keep the server from starting: it is what a
 * synchronisation leaves that was cut off before NEWLEADER, and all of it came from that epoch's leader. The server votes
 * with the currentEpoch that it has. Apache ZooKeeper takes currentEpoch.tmp, or refuses to start (ZOOKEEPER-1653, 4269).
 * The tmp file is not taken here: its epoch was never acknowledged to anybody, and the file may be torn.
 */
import { type Disk, type EpochName, LogError, readEpoch, writeEpoch } from '@quorate/log'
import { epochOf, type Zxid } from '@quorate/protocol'

interface EpochWrite {
  readonly name: EpochName
  readonly value: number
  readonly done: () => void
}

export class HistoryEpochs {
  currentEpoch = 0
  acceptedEpoch = 0
  readonly #disk: Disk
  readonly #directory: string
  readonly #failed: (error: Error) => void
  readonly #waiting: EpochWrite[] = []
  #isCurrentWritten = false
  #isAcceptedWritten = false
  #isWriting = false
  #isOver = false

  /** @param directory the version-2 folder of dataDir */
  constructor(disk: Disk, directory: string, failed: (error: Error) => void) {
    this.#disk = disk
    this.#directory = directory
    this.#failed = failed
  }

  /**
   * Reads the files. What is not there is derived from the last zxid, as Apache does for data of a server that was alone; it
   * remains to be written.
   * @throws LogError EPOCH_FILE_BAD, EPOCH_ORDER
   */
  read(lastZxid: Zxid): void {
    const epoch = epochOf(lastZxid)
    const current = readEpoch(this.#disk, this.#directory, 'currentEpoch')
    const accepted = readEpoch(this.#disk, this.#directory, 'acceptedEpoch')
    this.currentEpoch = current ?? epoch
    if (accepted !== undefined && accepted < this.currentEpoch) {
      throw new LogError(
        'EPOCH_ORDER',
        `acceptedEpoch is ${accepted}, but currentEpoch is ${this.currentEpoch}; an epoch is accepted first. Put files of one moment back, or let the server synchronise from the others with empty data folders`,
        { file: `${this.#directory}/acceptedEpoch` },
      )
    }
    // Nobody may be promised an epoch again that there are transactions of already.
    this.acceptedEpoch = Math.max(accepted ?? this.currentEpoch, epoch)
    this.#isCurrentWritten = current === this.currentEpoch
    this.#isAcceptedWritten = accepted === this.acceptedEpoch
  }

  /** Writes what {@link read} derived. acceptedEpoch goes first: a crash in between leaves files that are in order. */
  writeDerived(done: () => void): void {
    const writeCurrent = (): void => {
      if (this.#isCurrentWritten) done()
      else this.write('currentEpoch', this.currentEpoch, done)
    }
    if (this.#isAcceptedWritten) writeCurrent()
    else this.write('acceptedEpoch', this.acceptedEpoch, writeCurrent)
  }

  write(name: EpochName, value: number, done: () => void): void {
    this.#waiting.push({ name, value, done })
    this.#writeNext()
  }

  /** Nothing is written or called any more. */
  stop(): void {
    this.#isOver = true
  }

  #writeNext(): void {
    if (this.#isWriting || this.#isOver) return
    const next = this.#waiting.shift()
    if (next === undefined) return
    this.#isWriting = true
    writeEpoch(this.#disk, this.#directory, next, (error) => {
      if (this.#isOver) return
      if (error !== undefined) return this.#failed(error)
      this.#isWriting = false
      this[next.name] = next.value
      next.done()
      this.#writeNext()
    })
  }
}
