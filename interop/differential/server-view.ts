/**
 * What differs between two servers by nature, made equal: transaction ids become distances from the start of the
 * round, sessions the order of their creation, times the offset from the time of their transaction.
 */

/** Stands for every zxid before the round. */
export const earlierZxid = -1000

export class ServerView {
  #base = 0
  /** Zxids that only this server has used up, ascending: an intended difference. */
  #extras: number[] = []
  #last = 0
  readonly #timesByZxid = new Map<number, number>()
  readonly #sessionNumbers = new Map<bigint, number>()

  /** A round begins after this zxid. */
  beginRound(lastZxid: number): void {
    this.#base = lastZxid
    this.#last = lastZxid
    this.#extras = []
  }

  /** The highest zxid that the server has shown. */
  get lastZxid(): number {
    return this.#last
  }

  /** Notes that this server alone spent a transaction id. */
  addExtraZxid(zxid: number): void {
    this.#extras.push(zxid)
  }

  seeZxid(zxid: number): void {
    if (zxid > this.#last) this.#last = zxid
  }

  zxid(zxid: number): number {
    if (zxid <= 0) return zxid
    if (zxid <= this.#base) return earlierZxid
    return zxid - this.#base - this.#extras.filter((extra) => extra <= zxid).length
  }

  /** The zxid of this server that lies so many transactions (counted alike on both servers) before the last one. */
  zxidBehind(count: number): number {
    let zxid = this.#last
    for (let left = count; left > 0 && zxid > 0; zxid--) if (!this.#extras.includes(zxid)) left--
    return count < 0 ? zxid - count : zxid
  }

  /** 0 when the time is the one that this transaction was first seen with. */
  time(zxid: number, time: number): number {
    if (zxid === 0) return time
    const known = this.#timesByZxid.get(zxid)
    if (known === undefined) this.#timesByZxid.set(zxid, time)
    return known === undefined ? 0 : time - known
  }

  /** Sessions count from 1 in the order of their creation; 0 is none. */
  sessionNumber(sessionId: bigint): number {
    if (sessionId === 0n) return 0
    const known = this.#sessionNumbers.get(sessionId)
    if (known !== undefined) return known
    const number = this.#sessionNumbers.size + 1
    this.#sessionNumbers.set(sessionId, number)
    return number
  }
}
