/** Nodes below a hard quota: as many are created, and as large, as it allows and somewhat more. */
import { ErrorCode } from '@quorate/protocol'
import type { Operation } from '../client/operation.ts'
import type { Prng } from '../prng.ts'
import type { Workload } from './workload.ts'

export const quotaRoot = '/limited'
export const countLimit = 8
export const byteLimit = 160
const limitsFolder = `/zookeeper/quota${quotaRoot}`

/** What has to be there before anything is asked for, in this order. */
const preparations: readonly (readonly [path: string, data: string])[] = [
  [quotaRoot, ''],
  [limitsFolder, ''],
  [
    `${limitsFolder}/zookeeper_limits`,
    `count=-1,bytes=-1=;byteHardLimit=${byteLimit};countHardLimit=${countLimit}`,
  ],
  [`${limitsFolder}/zookeeper_stats`, 'count=0,bytes=0'],
]

export class Quotas implements Workload {
  readonly #random: Prng
  #prepared = 0

  constructor(random: Prng) {
    this.#random = random
  }

  next(): Operation | undefined {
    const preparation = preparations[this.#prepared]
    if (preparation !== undefined) {
      const [path, data] = preparation
      return { type: 'create', path, data, mode: 0 }
    }
    const kind = this.#random.next()
    const path = `${quotaRoot}/n${this.#random.below(2 * countLimit)}`
    const data = 'x'.repeat(this.#random.below(byteLimit / 3))
    const create = { type: 'create', path, data, mode: 0 } as const
    const setData = { type: 'setData', path, data, version: -1 } as const
    if (kind < 0.35) return create
    if (kind < 0.5) return setData
    if (kind < 0.65) {
      const other = `${quotaRoot}/n${this.#random.below(2 * countLimit)}`
      const second = this.#random.chance(0.6)
        ? ({ type: 'create', path: `${other}-twin`, data, mode: 0 } as const)
        : ({ type: 'delete', path: other, version: -1 } as const)
      return { type: 'multi', operations: [this.#random.chance(0.5) ? create : setData, second] }
    }
    const twin = this.#random.chance(0.3) ? '-twin' : ''
    if (kind < 0.9) return { type: 'delete', path: `${path}${twin}`, version: -1 }
    return { type: 'getData', path: `${limitsFolder}/zookeeper_stats`, watch: false }
  }

  answered(operation: Operation, err: number): void {
    const [path] = preparations[this.#prepared] ?? []
    if (operation.type !== 'create' || operation.path !== path) return
    if (err === ErrorCode.Ok || err === ErrorCode.NodeExists) this.#prepared++
  }
}
