/** Transactions that servers have told of, decoded once: every server of an ensemble has the same ones. */
import { decode, type Txn, txn as txnCodec, type Zxid } from '@quorate/protocol'

export interface KnownTxn {
  readonly bytes: Uint8Array
  readonly txn: Txn
}

/** More than servers are apart, or than a restart replays. */
const countMax = 20_000

export class KnownTxns {
  readonly #byZxid = new Map<Zxid, KnownTxn>()

  /** The transaction; the same object as before when its bytes are. */
  get(zxid: Zxid, bytes: Uint8Array, start: number, end: number): KnownTxn {
    const known = this.#byZxid.get(zxid)
    if (known !== undefined && isEqual(known.bytes, bytes, start, end)) return known
    const copy = bytes.slice(start, end)
    const fresh = { bytes: copy, txn: decode(txnCodec, copy) }
    this.#byZxid.set(zxid, fresh)
    if (this.#byZxid.size > countMax) {
      for (const oldest of this.#byZxid.keys()) {
        this.#byZxid.delete(oldest)
        break
      }
    }
    return fresh
  }
}

function isEqual(known: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (known.length !== end - start) return false
  for (let i = 0; i < known.length; i++) if (known[i] !== bytes[start + i]) return false
  return true
}
