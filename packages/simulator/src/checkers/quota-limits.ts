import { ErrorCode, OpCode, type Txn, type TxnBody, type Zxid } from '@quorate/protocol'
import type { Observation, Replied } from '../history/observation.ts'
import { CommittedCursor, formatZxid, type TxnHistory } from '../history/txn-history.ts'
import { effectiveBodies } from '../history/txn-steps.ts'
import { byteLimit, countLimit, quotaRoot } from '../workload/quotas.ts'
import { type Checker, committingTypes } from './checker.ts'

const folder = `/zookeeper/quota${quotaRoot}`

interface Use {
  readonly zxid: Zxid
  readonly count: number
  readonly bytes: number
}

/**
 * What stands below a quota.
 *
 * 1. A server that has refused anything for its quota is one that holds to quotas: after that no transaction makes nodes or
 *    bytes more while there are more than the hard limits allow afterwards.
 * 2. The count and the bytes that clients are shown are those of the state that they are shown.
 */
export class QuotaLimits implements Checker {
  readonly name = 'quota-limits'
  readonly reads: Checker['reads'] = [...committingTypes, 'replied']
  readonly #cursor: CommittedCursor
  readonly #bytesByPath = new Map<string, number>()
  #bytes = 0
  readonly #uses: Use[] = []
  #hasLimits = false
  #isEnforced = false

  constructor(history: TxnHistory) {
    this.#cursor = new CommittedCursor(history)
  }

  observe(observation: Observation): string | undefined {
    for (let next = this.#cursor.next(); next !== undefined; next = this.#cursor.next()) {
      const problem = this.#applied(next.txn)
      if (problem !== undefined) return problem
    }
    return observation.type === 'replied' ? this.#replied(observation) : undefined
  }

  #applied(txn: Txn): string | undefined {
    const { body, header } = txn
    if (body.type === OpCode.error && body.err === ErrorCode.QuotaExceeded) this.#isEnforced = true
    const before = { count: this.#bytesByPath.size, bytes: this.#bytes }
    for (const step of effectiveBodies(txn)) this.#take(step)
    const after: Use = { zxid: header.zxid, count: this.#bytesByPath.size, bytes: this.#bytes }
    if (after.count === before.count && after.bytes === before.bytes) return undefined
    this.#uses.push(after)
    if (!this.#hasLimits || !this.#isEnforced) return undefined
    const told = `${formatZxid(header.zxid)} makes ${quotaRoot}`
    if (after.count > before.count && after.count > countLimit)
      return `${told} ${after.count} nodes, of which ${countLimit} are allowed`
    return after.bytes > before.bytes && after.bytes > byteLimit
      ? `${told} ${after.bytes} bytes, of which ${byteLimit} are allowed`
      : undefined
  }

  #take(body: TxnBody): void {
    switch (body.type) {
      case OpCode.create:
      case OpCode.create2:
      case OpCode.setData:
        if (body.path === `${folder}/zookeeper_limits`) this.#hasLimits = true
        if (isBelow(body.path)) this.#put(body.path, body.data?.length ?? 0)
        break
      case OpCode.delete:
        if (isBelow(body.path)) {
          this.#put(body.path, 0)
          this.#bytesByPath.delete(body.path)
        }
        break
      default:
        break
    }
  }

  #put(path: string, bytes: number): void {
    this.#bytes += bytes - (this.#bytesByPath.get(path) ?? 0)
    this.#bytesByPath.set(path, bytes)
  }

  #replied({ client, operation, err, answer, zxid }: Replied): string | undefined {
    const isOnUse = operation?.type === 'getData' && operation.path === `${folder}/zookeeper_stats`
    if (!isOnUse || err !== ErrorCode.Ok || answer.data === undefined) return undefined
    const { count, bytes } = this.#uses.findLast((use) => use.zxid <= zxid) ?? {
      count: 0,
      bytes: 0,
    }
    const expected = `count=${count},bytes=${bytes}`
    return answer.data.startsWith(expected)
      ? undefined
      : `${client} is shown ${answer.data} for ${quotaRoot} at ${formatZxid(zxid)}; expected is ${expected}`
  }
}

function isBelow(path: string): boolean {
  return path === quotaRoot || path.startsWith(`${quotaRoot}/`)
}
