/**
 * What became of the latest writes of each session: for a client whose connection was lost before the answer came.
 *
 * 1. It is a function of the transactions alone, so that every server has the same one at the same zxid, whoever leads and wherever
 *    the client is connected. A server that began with a state without it (from Apache's servers) knows less, and knows that.
 * 2. Of a session it has the last {@link outcomesPerSession} for {@link outcomeAgeSeconds}, whether the session lives or not, but not more of
 *    all together than {@link outcomeSlotsMax}: the oldest go first.
 * 3. What it does not find, and would have if it had been there, never was: it knows from which zxid on it is complete.
 *
 * Time is counted by the stamps of the transactions, which leaders' wall clocks make: steps of more than a second, and the first
 * of an epoch, count for no more. A clock that was set never makes all outcomes old at once.
 *
 * An entry is a slot and those that its body goes on in; see the fields below. Entries of one session are a ring, of which the
 * newest is known; all entries are a list by zxid.
 */
import {
  epochOf,
  ErrorCode,
  highHalf,
  lowHalf,
  type SessionId,
  sessionIdHigh,
  sessionIdLow,
  type Zxid,
} from '@quorate/protocol'
import { OutcomeIndex } from './outcome-index.ts'
import {
  firstWord,
  noSlot,
  OutcomeSlots,
  readSlotBytes,
  type SlotChunk,
  word,
} from './outcome-slots.ts'

/** How many writes of a session may be unanswered, so that its client can learn of each what became of it. */
export const outcomesPerSession = 256
/** Three times the longest session timeout that is of use. */
export const outcomeAgeSeconds = 600
/** 32 MiB. */
export const outcomeSlotsMax = 262_144
/** The body of a longer result is not kept. */
const bodyBytesMax = 262_144
const stepMsMax = 1_000
const noBytes = new Uint8Array(0)

const Field = {
  idHigh: 0,
  idLow: 1,
  cxid: 2,
  zxidHigh: 3,
  zxidLow: 4,
  /** The low half is the error code; the high half counts the session's entries, and wraps around. */
  errAndNumber: 5,
  /** −1: it was too long to be kept. */
  bodyLength: 6,
  /** The session's next entry; of the newest, the oldest. */
  next: 7,
  olderOfAll: 8,
  newerOfAll: 9,
  more: 10,
  seconds: 11,
  /** The session's entry before; 0: there was none here. */
  previousHigh: 12,
  previousLow: 13,
} as const
const bodyAt = 56

/** What became of a write. */
export type Outcome =
  | {
      readonly type: 'applied'
      readonly zxid: Zxid
      readonly err: number
      readonly body: Uint8Array
    }
  | { readonly type: 'neverApplied' }
  /** The table does not reach back far enough, or did not keep the result. */
  | { readonly type: 'unknown' }

/** An entry as it is handed on with a snapshot. */
export interface KeptOutcome {
  readonly sessionHigh: number
  readonly sessionLow: number
  readonly cxid: number
  readonly zxid: Zxid
  readonly err: number
  readonly seconds: number
  readonly previousZxid: Zxid
  /** `bytes[start, end)`, until the next entry is asked for; undefined: it was too long. */
  readonly body: ByteSpan | undefined
}

export interface ByteSpan {
  readonly bytes: Uint8Array
  readonly start: number
  readonly end: number
}

/** What a table is beside its entries. */
export interface OutcomeBounds {
  /** Of earlier transactions nothing is known for certain. */
  readonly floor: Zxid
  readonly clockMs: number
  readonly stampMs: number
}

/** A table as it was at one moment. */
export interface OutcomeImage extends OutcomeBounds {
  readonly count: number
  readonly bodyBytes: number
  /** By zxid. May be read once, until {@link close}. */
  entries(): Iterable<KeptOutcome>
  close(): void
}

/** A transaction as it was applied. */
export interface OutcomeMoment {
  readonly sessionHigh: number
  readonly sessionLow: number
  readonly cxid: number
  readonly zxid: Zxid
  readonly timeMs: number
}

/** What was told to who asked: `body[0, position)`. */
interface Result {
  readonly err: number
  readonly body: { readonly bytes: Uint8Array; readonly position: number }
}

export class OutcomeTable {
  readonly #slots = new OutcomeSlots()
  readonly #newest = new OutcomeIndex(this.#slots)
  #oldest = noSlot
  #latest = noSlot
  #count = 0
  #bodyBytes = 0
  #floor: Zxid = 0
  #clockMs = 0
  #stampMs = 0
  /** Of the clock. */
  #seconds = 0
  #epoch = 0
  /** Whether results are what the leader's were: not while a replay goes over a state that has effects of what is to come. */
  #isExact = true

  get floor(): Zxid {
    return this.#floor
  }

  get count(): number {
    return this.#count
  }

  /** What the entries take, without their index, in bytes. */
  get memoryBytes(): number {
    return this.#slots.chunks.length * 16_384
  }

  /** The tree has been loaded at `zxid` from what has no table. */
  beginWithout(zxid: Zxid): void {
    this.#floor = zxid
    this.#isExact = zxid === 0
    this.#epoch = epochOf(zxid)
  }

  beginWith(bounds: OutcomeBounds, zxid: Zxid): void {
    this.#floor = bounds.floor
    this.#clockMs = bounds.clockMs
    this.#seconds = Math.floor(bounds.clockMs / 1_000)
    this.#stampMs = bounds.stampMs
    this.#epoch = epochOf(zxid)
    this.#isExact = true
  }

  /** In the order of the zxids. */
  restore(entry: KeptOutcome): void {
    const slot = this.#add(entry, entry.err, entry.seconds)
    this.#setPrevious(slot, entry.previousZxid)
    const { body } = entry
    if (body === undefined) this.#setBody(slot, noBytes, 0, -1)
    else this.#setBody(slot, body.bytes, body.start, body.end - body.start)
  }

  /** The digest that came with the last transaction is this tree's: from here on it is as it was on the leader. */
  proveExact(): void {
    this.#isExact = true
  }

  /**
   * A transaction has been applied. Of the servers' own, which have no positive cxid, nobody will ask; and a write that came through a
   * server that its session had left, or behind the session's end, was never applied: it fails with SessionMoved or SessionExpired, or
   * with BadArguments where an observer master put another one in its place. One that fails with that of itself may as well be sent again.
   */
  record(moment: OutcomeMoment, result: Result): void {
    const { cxid, zxid } = moment
    const epoch = highHalf(zxid)
    this.#advance(epoch, moment.timeMs)
    if (!this.#isExact) this.#floor = zxid
    else if (cxid > 0 && !isTooLate(result.err)) {
      const { bytes, position } = result.body
      const slot = this.#add(moment, result.err, this.#seconds)
      this.#setBody(slot, bytes, 0, position > bodyBytesMax ? -1 : position)
    }
    this.#trim()
  }

  /** @param after a zxid that the client had seen when it sent the write */
  find(session: SessionId, cxid: number, after: Zxid): Outcome {
    const { chunks } = this.#slots
    const newest = this.#newest.find(sessionIdHigh(session), sessionIdLow(session))
    if (newest === noSlot) return this.#absent(this.#floor, after)
    const oldest = word(chunks, newest, Field.next)
    for (let slot = oldest, isLast = false; !isLast; slot = word(chunks, slot, Field.next)) {
      if (word(chunks, slot, Field.cxid) === cxid && zxidAt(chunks, slot) > after)
        return outcomeAt(chunks, slot)
      isLast = slot === newest
    }
    return this.#absent(Math.max(this.#floor, previousAt(chunks, oldest)), after)
  }

  /** One at a time. */
  openImage(): OutcomeImage {
    const { chunks, thaw } = this.#slots.freeze()
    const first = this.#oldest
    const last = this.#latest
    return {
      floor: this.#floor,
      clockMs: this.#clockMs,
      stampMs: this.#stampMs,
      count: this.#count,
      bodyBytes: this.#bodyBytes,
      entries: () => entriesOf(chunks, first, last),
      close: thaw,
    }
  }

  #absent(floor: Zxid, after: Zxid): Outcome {
    return floor <= after ? { type: 'neverApplied' } : { type: 'unknown' }
  }

  #advance(epoch: number, timeMs: number): void {
    const stepMs = timeMs - this.#stampMs
    if (epoch === this.#epoch && stepMs > 0) {
      this.#clockMs += stepMs < stepMsMax ? stepMs : stepMsMax
      this.#seconds = Math.floor(this.#clockMs / 1_000)
    }
    this.#epoch = epoch
    this.#stampMs = timeMs
  }

  #add(write: Omit<OutcomeMoment, 'timeMs'>, err: number, seconds: number): number {
    const slots = this.#slots
    const { zxid, sessionHigh: idHigh, sessionLow: idLow } = write
    const slot = slots.take()
    const words = slots.words(slot)
    const at = firstWord(slot)
    words[at + Field.idHigh] = idHigh
    words[at + Field.idLow] = idLow
    words[at + Field.cxid] = write.cxid
    words[at + Field.zxidHigh] = highHalf(zxid)
    words[at + Field.zxidLow] = lowHalf(zxid)
    words[at + Field.seconds] = seconds
    words[at + Field.olderOfAll] = this.#latest
    words[at + Field.newerOfAll] = noSlot
    words[at + Field.next] = slot
    words[at + Field.previousHigh] = 0
    words[at + Field.previousLow] = 0
    const before = this.#newest.replace(idHigh, idLow, slot)
    const number = before === noSlot ? 0 : this.#follow(before, slot, words)
    words[at + Field.errAndNumber] = (number << 16) | (err & 0xffff)
    if (this.#latest === noSlot) this.#oldest = slot
    else slots.set(this.#latest, Field.newerOfAll, slot)
    this.#latest = slot
    this.#count++
    if (before !== noSlot) this.#dropBeyond(slot, words[at + Field.next]!, number)
    return slot
  }

  /**
   * Puts the slot behind the session's newest one.
   * @returns its number
   */
  #follow(before: number, slot: number, words: Int32Array): number {
    const at = firstWord(slot)
    const earlier = this.#slots.words(before)
    const from = firstWord(before)
    words[at + Field.next] = earlier[from + Field.next]!
    words[at + Field.previousHigh] = earlier[from + Field.zxidHigh]!
    words[at + Field.previousLow] = earlier[from + Field.zxidLow]!
    earlier[from + Field.next] = slot
    return ((earlier[from + Field.errAndNumber]! >>> 16) + 1) & 0xffff
  }

  /** The session's oldest, when it has one too many. */
  #dropBeyond(newest: number, oldest: number, number: number): void {
    const count = ((number - numberAt(this.#slots.chunks, oldest)) & 0xffff) + 1
    if (count > outcomesPerSession) this.#removeBehind(newest, oldest)
  }

  #setPrevious(slot: number, zxid: Zxid): void {
    this.#slots.set(slot, Field.previousHigh, highHalf(zxid))
    this.#slots.set(slot, Field.previousLow, lowHalf(zxid))
  }

  /** @param length −1: it is not kept */
  #setBody(slot: number, bytes: Uint8Array, start: number, length: number): void {
    const kept = Math.max(0, length)
    this.#bodyBytes += kept
    this.#slots.set(slot, Field.bodyLength, length)
    const more = this.#slots.write(slot, bodyAt, bytes, start, start + kept)
    this.#slots.set(slot, Field.more, more)
  }

  #trim(): void {
    const { chunks } = this.#slots
    const oldestSeconds = this.#seconds - outcomeAgeSeconds
    while (
      this.#oldest !== noSlot &&
      (word(chunks, this.#oldest, Field.seconds) < oldestSeconds ||
        this.#slots.usedCount > outcomeSlotsMax)
    ) {
      this.#floor = zxidAt(chunks, this.#oldest)
      this.#remove(this.#oldest)
    }
  }

  /** The oldest of its session. */
  #remove(slot: number): void {
    const slots = this.#slots
    const idHigh = slots.word(slot, Field.idHigh)
    const idLow = slots.word(slot, Field.idLow)
    const newest = this.#newest.find(idHigh, idLow)
    if (newest !== slot) return this.#removeBehind(newest, slot)
    this.#newest.delete(idHigh, idLow)
    this.#release(slot)
  }

  /** The oldest of a session, which has others. */
  #removeBehind(newest: number, slot: number): void {
    this.#slots.set(newest, Field.next, this.#slots.word(slot, Field.next))
    this.#release(slot)
  }

  #release(slot: number): void {
    const slots = this.#slots
    const { chunks } = slots
    const older = word(chunks, slot, Field.olderOfAll)
    const newer = word(chunks, slot, Field.newerOfAll)
    if (older === noSlot) this.#oldest = newer
    else slots.set(older, Field.newerOfAll, newer)
    if (newer === noSlot) this.#latest = older
    else slots.set(newer, Field.olderOfAll, older)
    this.#bodyBytes -= Math.max(0, word(chunks, slot, Field.bodyLength))
    this.#count--
    slots.give(slot, word(chunks, slot, Field.more))
  }
}

function isTooLate(err: number): boolean {
  return (
    err === ErrorCode.SessionMoved ||
    err === ErrorCode.SessionExpired ||
    err === ErrorCode.BadArguments
  )
}

function numberAt(chunks: readonly SlotChunk[], slot: number): number {
  return word(chunks, slot, Field.errAndNumber) >>> 16
}

function errAt(chunks: readonly SlotChunk[], slot: number): number {
  return (word(chunks, slot, Field.errAndNumber) << 16) >> 16
}

function zxidAt(chunks: readonly SlotChunk[], slot: number): Zxid {
  return longAt(chunks, slot, Field.zxidHigh)
}

function previousAt(chunks: readonly SlotChunk[], slot: number): Zxid {
  return longAt(chunks, slot, Field.previousHigh)
}

function longAt(chunks: readonly SlotChunk[], slot: number, at: number): number {
  return word(chunks, slot, at) * 0x1_0000_0000 + (word(chunks, slot, at + 1) >>> 0)
}

/** The first bytes of `target` become the slot's body. */
function copyBody(chunks: readonly SlotChunk[], slot: number, target: Uint8Array): void {
  const length = word(chunks, slot, Field.bodyLength)
  const place = { slot, at: bodyAt, more: word(chunks, slot, Field.more) }
  readSlotBytes(chunks, place, target, length)
}

function outcomeAt(chunks: readonly SlotChunk[], slot: number): Outcome {
  const length = word(chunks, slot, Field.bodyLength)
  if (length < 0) return { type: 'unknown' }
  const body = new Uint8Array(length)
  copyBody(chunks, slot, body)
  return { type: 'applied', zxid: zxidAt(chunks, slot), err: errAt(chunks, slot), body }
}

function* entriesOf(
  chunks: readonly SlotChunk[],
  first: number,
  last: number,
): IterableIterator<KeptOutcome> {
  if (first === noSlot) return
  let bytes = new Uint8Array(1_024)
  for (let slot = first; ; slot = word(chunks, slot, Field.newerOfAll)) {
    const end = word(chunks, slot, Field.bodyLength)
    if (end > bytes.length) bytes = new Uint8Array(end)
    if (end > 0) copyBody(chunks, slot, bytes)
    yield {
      sessionHigh: word(chunks, slot, Field.idHigh),
      sessionLow: word(chunks, slot, Field.idLow),
      cxid: word(chunks, slot, Field.cxid),
      zxid: zxidAt(chunks, slot),
      err: errAt(chunks, slot),
      seconds: word(chunks, slot, Field.seconds),
      previousZxid: previousAt(chunks, slot),
      body: end < 0 ? undefined : { bytes, start: 0, end },
    }
    if (slot === last) return
  }
}
