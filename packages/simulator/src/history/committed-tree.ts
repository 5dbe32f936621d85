/** The tree that the committed transactions make, each applied once for all checkers that ask. */
import type { Zxid } from '@quorate/protocol'
import { ModelTree, type ModelNode } from './model-tree.ts'
import { CommittedCursor, type TxnHistory } from './txn-history.ts'

export class CommittedTree {
  readonly history: TxnHistory
  readonly #model = new ModelTree()
  readonly #cursor: CommittedCursor

  constructor(history: TxnHistory) {
    this.history = history
    this.#cursor = new CommittedCursor(history)
  }

  /** At the last committed transaction. */
  get now(): ModelTree {
    for (let next = this.#cursor.next(); next !== undefined; next = this.#cursor.next())
      this.#model.apply(next.txn)
    return this.#model
  }

  nodeAt(path: string, zxid: Zxid): ModelNode | undefined {
    return this.now.nodeAt(path, zxid)
  }
}
