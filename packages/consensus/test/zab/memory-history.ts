/**
 * A history in memory that forgets, when its server crashes, what was not synced. The state behind it is the list of what was
 * applied; its image is that list.
 */
import type {
  Appointment,
  Proposal,
  ProposalReader,
  StateImage,
  StateReceiver,
  ZabHistory,
} from '@quorate/consensus'
import { counterOf, epochOf, JuteReader, type JuteWriter, type Zxid } from '@quorate/protocol'

/** Runs what the disk completes, later. */
export type Completion = (what: string, run: () => void) => void

export interface MemoryDisk {
  /** The state that the log continues. */
  snapshot: readonly Proposal[]
  snapshotZxid: Zxid
  log: readonly Proposal[]
  currentEpoch: number
  acceptedEpoch: number
}

const signature = 'BenWasHere'

export class MemoryHistory implements ZabHistory {
  currentEpoch = 0
  acceptedEpoch = 0
  membershipText: string | undefined
  recent: readonly Proposal[] = []
  /** All that was applied to the state, oldest first. */
  applied: Proposal[] = []
  /** The records that the log holds, durable or not. */
  log: Proposal[] = []
  snapshotZxid: Zxid = 0
  /** Transactions kept for learners after a load. */
  recentCountMax = 500
  /** What {@link sizesAfter} answers. */
  sizes: { readonly snapshotBytes: number; readonly logBytes: number } = {
    snapshotBytes: 0,
    logBytes: 0,
  }
  /** How often what stands behind an image for servers of this kind was asked for. */
  tailCount = 0
  /** An image is opened at once, or by an operation of the disk. */
  isImageLate = false
  readonly #complete: Completion
  /** The change of the log that is not complete. */
  #underWay: string | undefined
  #disk: MemoryDisk = { snapshot: [], snapshotZxid: 0, log: [], currentEpoch: 0, acceptedEpoch: 0 }

  constructor(complete: Completion) {
    this.#complete = complete
  }

  get lastZxid(): Zxid {
    return this.log.at(-1)?.zxid ?? this.snapshotZxid
  }

  /** What a crash leaves. */
  get durableZxid(): Zxid {
    return this.#disk.log.at(-1)?.zxid ?? this.#disk.snapshotZxid
  }

  /** Puts a history onto the disk, as if it had been there for long. */
  plant(parts: Partial<MemoryDisk>): void {
    this.#disk = { ...this.#disk, ...parts }
    this.crash()
  }

  /** Everything that was not durable is gone; what is on disk is loaded. */
  crash(): void {
    this.#underWay = undefined
    this.currentEpoch = this.#disk.currentEpoch
    this.acceptedEpoch = this.#disk.acceptedEpoch
    this.#load()
  }

  append(proposal: Proposal): void {
    if (proposal.zxid <= this.lastZxid)
      throw new Error(`${proposal.zxid} is appended after ${this.lastZxid}`)
    this.log.push({ zxid: proposal.zxid, bytes: proposal.bytes.slice() })
  }

  sync(done: () => void): void {
    const synced = this.lastZxid
    this.#changeLog(`syncs the log to ${zxidText(this.lastZxid)}`, () => {
      // A snapshot may have been taken meanwhile.
      this.#disk = { ...this.#disk, log: this.log.filter((it) => it.zxid <= synced) }
      done()
    })
  }

  apply(proposal: Proposal): void {
    const last = this.applied.at(-1)?.zxid ?? 0
    if (proposal.zxid <= last) throw new Error(`${proposal.zxid} is applied after ${last}`)
    this.applied.push(proposal)
  }

  writeEpoch(name: 'currentEpoch' | 'acceptedEpoch', epoch: number, done: () => void): void {
    this.#complete(`writes ${name} ${epoch}`, () => {
      this.#disk = { ...this.#disk, [name]: epoch }
      this[name] = epoch
      done()
    })
  }

  truncate(zxid: Zxid, done: (isDone: boolean) => void): void {
    const isKnown = zxid === this.snapshotZxid || this.log.some((it) => it.zxid === zxid)
    this.#changeLog(
      isKnown
        ? `cuts the log behind ${zxidText(zxid)}`
        : `can't cut the log behind ${zxidText(zxid)}`,
      () => {
        if (isKnown) {
          this.#disk = { ...this.#disk, log: this.log.filter((it) => it.zxid <= zxid) }
          this.#load()
        }
        done(isKnown)
      },
    )
  }

  receiveState(zxid: Zxid): StateReceiver {
    return new MemoryReceiver((snapshot, done) => {
      this.#changeLog(`installs the state at ${zxidText(zxid)}`, () => {
        this.#disk = { ...this.#disk, snapshot, snapshotZxid: zxid, log: [] }
        this.#load()
        done()
      })
    })
  }

  openImage(ready: (image: StateImage) => void): Appointment {
    if (!this.isImageLate) {
      ready(this.#image())
      return { cancel() {} }
    }
    let isCancelled = false
    this.#complete('opens an image of the state', () => {
      if (!isCancelled) ready(this.#image())
    })
    return {
      cancel() {
        isCancelled = true
      },
    }
  }

  /**
   * Writes a snapshot of what was applied up to `zxid`, and purges the log behind it: nothing before it can be cut off or read
   * any more.
   */
  takeSnapshot(zxid: Zxid): void {
    const snapshot = this.applied.filter((it) => it.zxid <= zxid)
    const log = this.#disk.log.filter((it) => it.zxid > zxid)
    this.#disk = { ...this.#disk, snapshot, snapshotZxid: zxid, log }
    this.snapshotZxid = zxid
    this.log = this.log.filter((it) => it.zxid > zxid)
  }

  /** The disk is lost, or replaced by an empty one. */
  wipe(): void {
    this.#disk = { snapshot: [], snapshotZxid: 0, log: [], currentEpoch: 0, acceptedEpoch: 0 }
    this.crash()
  }

  readAfter(after: Zxid): ProposalReader | undefined {
    const log = this.#disk.log
    const at = after === this.snapshotZxid ? 0 : log.findIndex((it) => it.zxid === after) + 1
    if (at === 0 && after !== this.snapshotZxid) return undefined
    let next = at
    const reader = {
      zxid: after,
      bytes: new Uint8Array(0) as Uint8Array,
      start: 0,
      end: 0,
      next(): boolean {
        const record = log[next++]
        if (record === undefined) return false
        reader.zxid = record.zxid
        reader.bytes = record.bytes
        reader.end = record.bytes.length
        return true
      },
      close() {},
    }
    return reader
  }

  sizesAfter(): { readonly snapshotBytes: number; readonly logBytes: number } {
    return this.sizes
  }

  /** One such operation at a time. */
  #changeLog(what: string, run: () => void): void {
    const before = this.#underWay
    if (before !== undefined) throw new Error(`it ${what} while it ${before}`)
    this.#underWay = what
    this.#complete(what, () => {
      this.#underWay = undefined
      run()
    })
  }

  #image(): StateImage {
    const applied = [...this.applied]
    let at = 0
    return {
      zxid: this.applied.at(-1)?.zxid ?? this.snapshotZxid,
      writeNext(writer: JuteWriter): boolean {
        if (at === 0) writer.writeInt(applied.length)
        const proposal = applied[at++]
        if (proposal === undefined) return false
        writer.writeLong(proposal.zxid)
        writer.writeBuffer(proposal.bytes)
        return true
      },
      writeNextOfTail: () => {
        this.tailCount++
        return false
      },
      close() {},
    }
  }

  #load(): void {
    const { snapshot, snapshotZxid, log } = this.#disk
    this.snapshotZxid = snapshotZxid
    this.log = [...log]
    this.applied = [...snapshot, ...log]
    this.recent = this.log.slice(-this.recentCountMax)
  }
}

/** As a person writes it: epoch and counter. */
export function zxidText(zxid: Zxid): string {
  return zxid < 0 ? 'none' : `${epochOf(zxid)}:${counterOf(zxid)}`
}

class MemoryReceiver implements StateReceiver {
  readonly queuedBytes = 0
  onDrained: (() => void) | undefined
  readonly #install: (snapshot: readonly Proposal[], done: () => void) => void
  #bytes: number[] = []
  #snapshot: Proposal[] = []

  constructor(install: (snapshot: readonly Proposal[], done: () => void) => void) {
    this.#install = install
  }

  push(bytes: Uint8Array, start: number, end: number): number {
    const before = this.#bytes.length
    this.#bytes.push(...bytes.subarray(start, end))
    const length = this.#parse(Uint8Array.from(this.#bytes))
    return length === -1 ? -1 : start + length - before
  }

  install(done: () => void): void {
    this.#install(this.#snapshot, done)
  }

  abort(): void {}

  /** The length of the stream, or −1 when it is not all there. */
  #parse(bytes: Uint8Array): number {
    const reader = new JuteReader(bytes)
    try {
      const snapshot: Proposal[] = []
      const count = reader.readInt()
      for (let i = 0; i < count; i++)
        snapshot.push({ zxid: reader.readLong(), bytes: reader.readBuffer()! })
      if (reader.readString() !== signature) throw new Error('there is no signature')
      this.#snapshot = snapshot
      return reader.position
    } catch (error) {
      if (error instanceof Error && error.message === 'there is no signature') throw error
      return -1
    }
  }
}
