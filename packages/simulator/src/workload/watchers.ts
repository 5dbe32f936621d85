/** Nodes that are watched in every way while they come, change and go, below a node that is watched too. */
import type { Operation } from '../client/operation.ts'
import type { Prng } from '../prng.ts'
import { RootNode } from './root-node.ts'
import type { Workload } from './workload.ts'

export const watchedRoot = '/watched'
const topCount = 3
const childCount = 3

export class Watchers implements Workload {
  readonly #random: Prng
  readonly #root = new RootNode(watchedRoot)
  #valueCount = 0

  constructor(random: Prng) {
    this.#random = random
  }

  next(): Operation | undefined {
    const creation = this.#root.creation()
    if (creation !== undefined) return creation
    const path = this.#path()
    const kind = this.#random.next()
    if (kind < 0.15) return { type: 'create', path, data: this.#value(), mode: 0 }
    if (kind < 0.35) return { type: 'setData', path, data: this.#value(), version: -1 }
    if (kind < 0.45) return { type: 'delete', path, version: -1 }
    if (kind < 0.6) return { type: 'getData', path, watch: true }
    if (kind < 0.75) return { type: 'exists', path, watch: true }
    if (kind < 0.9) return { type: 'getChildren', path: this.#top(), watch: true }
    return { type: 'addWatch', path: this.#top(), isRecursive: this.#random.chance(0.5) }
  }

  answered(operation: Operation, err: number): void {
    this.#root.answered(operation, err)
  }

  #top(): string {
    const at = this.#random.below(topCount + 1)
    return at === topCount ? watchedRoot : `${watchedRoot}/top-${at}`
  }

  #path(): string {
    const top = `${watchedRoot}/top-${this.#random.below(topCount)}`
    const at = this.#random.below(childCount + 1)
    return at === childCount ? top : `${top}/child-${at}`
  }

  #value(): string {
    return `watched ${this.#valueCount++}`
  }
}
