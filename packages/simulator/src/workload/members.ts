/** A group with ephemeral members, plain and sequential, who look at each other. */
import { CreateMode } from '@quorate/protocol'
import type { Operation } from '../client/operation.ts'
import type { Prng } from '../prng.ts'
import { RootNode } from './root-node.ts'
import type { Workload } from './workload.ts'

export const membersRoot = '/members'
const namesPerClient = 3

export class Members implements Workload {
  readonly #random: Prng
  readonly #root = new RootNode(membersRoot)
  /** Names that have been asked for: some are there, some are not. */
  readonly #names = new Set<string>()

  constructor(random: Prng) {
    this.#random = random
  }

  next(client: string): Operation | undefined {
    const creation = this.#root.creation()
    if (creation !== undefined) return creation
    const kind = this.#random.next()
    const own = `${membersRoot}/${client}-${this.#random.below(namesPerClient)}`
    if (kind < 0.3) {
      this.#names.add(own)
      return { type: 'create', path: own, data: client, mode: CreateMode.ephemeral }
    }
    if (kind < 0.4) {
      return {
        type: 'create',
        path: `${membersRoot}/nth-`,
        data: client,
        mode: CreateMode.ephemeralSequential,
      }
    }
    const watch = this.#random.chance(0.5)
    if (kind < 0.5 || this.#names.size === 0)
      return { type: 'getChildren', path: membersRoot, watch }
    if (kind < 0.6) return { type: 'delete', path: own, version: -1 }
    const path = this.#random.pick([...this.#names])
    return { type: kind < 0.8 ? 'exists' : 'getData', path, watch }
  }

  answered(operation: Operation, err: number): void {
    this.#root.answered(operation, err)
  }
}
