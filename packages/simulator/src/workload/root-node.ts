import { ErrorCode } from '@quorate/protocol'
import type { Operation } from '../client/operation.ts'

/** The node below which a workload works; somebody has to create it first. */
export class RootNode {
  readonly path: string
  #isThere = false

  constructor(path: string) {
    this.path = path
  }

  /** What creates it, as long as it isn't known to be there. */
  creation(): Operation | undefined {
    if (this.#isThere) return undefined
    return { type: 'create', path: this.path, data: '', mode: 0 }
  }

  answered(operation: Operation, err: number): void {
    if (operation.type !== 'create' || operation.path !== this.path) return
    if (err === ErrorCode.Ok || err === ErrorCode.NodeExists) this.#isThere = true
  }
}
