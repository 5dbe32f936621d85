/** Containers and nodes with a time to live, which servers remove by themselves once they are empty and due. */
import { CreateMode } from '@quorate/protocol'
import type { Operation } from '../client/operation.ts'
import type { Prng } from '../prng.ts'
import { RootNode } from './root-node.ts'
import type { Workload } from './workload.ts'

export const shortLivedRoot = '/short-lived'
const nameCount = 4

export class ShortLived implements Workload {
  readonly #random: Prng
  readonly #root = new RootNode(shortLivedRoot)

  constructor(random: Prng) {
    this.#random = random
  }

  next(): Operation | undefined {
    const creation = this.#root.creation()
    if (creation !== undefined) return creation
    const kind = this.#random.next()
    const at = this.#random.below(nameCount)
    const container = `${shortLivedRoot}/container-${at}`
    const ttl = `${shortLivedRoot}/ttl-${at}`
    const ttlMs = this.#random.between(100, 3_000)
    const createContainer = {
      type: 'create',
      path: container,
      data: '',
      mode: CreateMode.container,
    } as const
    const createTtl = {
      type: 'create',
      path: ttl,
      data: '',
      mode: CreateMode.persistentWithTtl,
      ttlMs,
    } as const
    if (kind < 0.15) return createContainer
    if (kind < 0.3) return createTtl
    if (kind < 0.4) {
      const child = { type: 'create', path: `${container}/child`, data: '', mode: 0 } as const
      const removal = { type: 'delete', path: child.path, version: -1 } as const
      const more = this.#random.pick([[child], [child, removal], [createTtl], [createTtl, child]])
      return { type: 'multi', operations: [createContainer, ...more] }
    }
    const path = `${kind < 0.7 ? container : ttl}/child`
    if (this.#random.chance(0.4)) return { type: 'create', path, data: '', mode: 0 }
    if (this.#random.chance(0.5)) return { type: 'delete', path, version: -1 }
    if (this.#random.chance(0.5)) return { type: 'setData', path: ttl, data: 'used', version: -1 }
    return { type: 'exists', path: container, watch: true }
  }

  answered(operation: Operation, err: number): void {
    this.#root.answered(operation, err)
  }
}
