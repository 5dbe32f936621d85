/** A queue of sequential nodes: clients append, list, and take the head away. */
import { CreateMode, ErrorCode } from '@quorate/protocol'
import type { Answer, Operation } from '../client/operation.ts'
import type { Prng } from '../prng.ts'
import { RootNode } from './root-node.ts'
import type { Workload } from './workload.ts'

export const queueRoot = '/queue'

export class Queue implements Workload {
  readonly #random: Prng
  readonly #root = new RootNode(queueRoot)
  #items: readonly string[] = []
  #itemCount = 0

  constructor(random: Prng) {
    this.#random = random
  }

  next(): Operation | undefined {
    const creation = this.#root.creation()
    if (creation !== undefined) return creation
    const kind = this.#random.next()
    const head = this.#items[0]
    if (kind < 0.4) {
      return {
        type: 'create',
        path: `${queueRoot}/item-`,
        data: `item ${this.#itemCount++}`,
        mode: CreateMode.persistentSequential,
      }
    }
    if (kind < 0.8 && head !== undefined)
      return { type: 'delete', path: `${queueRoot}/${head}`, version: -1 }
    return { type: 'getChildren', path: queueRoot, watch: this.#random.chance(0.5) }
  }

  answered(operation: Operation, err: number, answer: Answer): void {
    this.#root.answered(operation, err)
    if (operation.type === 'getChildren' && answer.children !== undefined)
      this.#items = answer.children.toSorted()
    const isGone = err === ErrorCode.Ok || err === ErrorCode.NoNode
    if (operation.type === 'delete' && isGone)
      this.#items = this.#items.filter((item) => !operation.path.endsWith(item))
  }
}
