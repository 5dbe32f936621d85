/** Pairs of nodes that are written together by multi, and so are equal whenever anybody looks. */
import { ErrorCode } from '@quorate/protocol'
import type { Answer, Operation } from '../client/operation.ts'
import type { Prng } from '../prng.ts'
import { RootNode } from './root-node.ts'
import type { Workload } from './workload.ts'

export const pairsRoot = '/pairs'
const pairCount = 3

/** A version that no node of a run reaches. */
const wrongVersion = 1_000_000

export class Pairs implements Workload {
  readonly #random: Prng
  readonly #root = new RootNode(pairsRoot)
  readonly #created = new Set<string>()
  #valueCount = 0

  constructor(random: Prng) {
    this.#random = random
  }

  next(): Operation | undefined {
    const creation = this.#root.creation()
    if (creation !== undefined) return creation
    const left = `${pairsRoot}/left-${this.#random.below(pairCount)}`
    const right = left.replace('left', 'right')
    const data = `both ${this.#valueCount++}`
    const setLeft = { type: 'setData', path: left, data, version: -1 } as const
    const setRight = { type: 'setData', path: right, data, version: -1 } as const
    const createRight = { type: 'create', path: right, data, mode: 0 } as const
    if (!this.#created.has(left)) {
      const createLeft = { type: 'create', path: left, data, mode: 0 } as const
      return { type: 'multi', operations: [createLeft, createRight] }
    }
    const kind = this.#random.next()
    if (kind < 0.4) return { type: 'multiRead', paths: [left, right] }
    if (kind < 0.7) return { type: 'multi', operations: [setLeft, setRight] }
    if (kind < 0.85) {
      const removeRight = { type: 'delete', path: right, version: -1 } as const
      return { type: 'multi', operations: [removeRight, setLeft, createRight] }
    }
    const fail = { type: 'check', path: right, version: wrongVersion } as const
    return { type: 'multi', operations: [setLeft, fail, setRight] }
  }

  answered(operation: Operation, err: number, answer: Answer): void {
    this.#root.answered(operation, err)
    if (operation.type !== 'multi') return
    const [first] = operation.operations
    const [result] = answer.results ?? []
    if (first?.type !== 'create' || result === undefined) return
    const isThere = result.type !== -1 || result.err === ErrorCode.NodeExists
    if (isThere) this.#created.add(first.path)
  }
}
