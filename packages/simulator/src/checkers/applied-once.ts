import { OpCode, type Txn, type Zxid } from '@quorate/protocol'
import { effectiveBodies } from '../history/txn-steps.ts'
import type { Observation } from '../history/observation.ts'
import type { Checker } from './checker.ts'

/**
 * No write takes effect twice, and servers agree on what each zxid is.
 *
 * 1. A request (session and xid) has one transaction.
 * 2. A zxid that is applied again, on replay or elsewhere, has the same bytes.
 * 3. Zxids are applied without a gap.
 * 4. A sequential name is given out once, and the versions of a node grow by one.
 */
export class AppliedOnce implements Checker {
  readonly name = 'applied-once'
  readonly #bytes = new Map<Zxid, Uint8Array>()
  readonly #requests = new Map<string, Zxid>()
  readonly #sequentialPaths = new Set<string>()
  readonly #versions = new Map<string, number>()
  #lastZxid: Zxid = 0

  observe(observation: Observation): string | undefined {
    if (observation.type !== 'applied') return undefined
    const { zxid, bytes, txn } = observation
    const known = this.#bytes.get(zxid)
    if (known !== undefined) {
      return isEqual(known, bytes)
        ? undefined
        : `${observation.server} applies other bytes as transaction ${zxid} than were applied before`
    }
    if (zxid !== this.#lastZxid + 1)
      return `${observation.server} applies transaction ${zxid} after ${this.#lastZxid}`
    this.#lastZxid = zxid
    this.#bytes.set(zxid, bytes)
    return this.#checkRequest(txn) ?? this.#checkNames(txn)
  }

  #checkRequest({ header }: Txn): string | undefined {
    // The server's own transactions (createSession, expiry) have no xid.
    if (header.cxid === 0) return undefined
    const request = `${header.clientId}/${header.cxid}`
    const before = this.#requests.get(request)
    this.#requests.set(request, header.zxid)
    return before === undefined
      ? undefined
      : `request ${header.cxid} of session ${header.clientId} is transaction ${before} and again ${header.zxid}`
  }

  #checkNames(txn: Txn): string | undefined {
    for (const body of effectiveBodies(txn)) {
      if (body.type === OpCode.create || body.type === OpCode.create2) {
        this.#versions.set(body.path, 0)
        if (!/-\d{10}$/.test(body.path)) continue
        if (this.#sequentialPaths.has(body.path))
          return `the sequential name ${body.path} is given out a second time`
        this.#sequentialPaths.add(body.path)
      } else if (body.type === OpCode.setData) {
        const before = this.#versions.get(body.path)
        if (before !== undefined && body.version !== before + 1)
          return `the version of ${body.path} goes from ${before} to ${body.version}`
        this.#versions.set(body.path, body.version)
      }
    }
    return undefined
  }
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at])
}
