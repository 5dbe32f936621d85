/**
 * What stood below some parents, and when: the committed tree as checkers of recipes look at it, who judge what somebody saw of a group
 * by the states that it had.
 *
 * 1. Only nodes below `root` are known, by the transactions that created them; what came of them is asked of the committed tree.
 */
import { OpCode, type Zxid } from '@quorate/protocol'
import type { CommittedTree } from './committed-tree.ts'
import type { ModelNode } from './model-tree.ts'
import type { Span } from './node-states.ts'
import { CommittedCursor } from './txn-history.ts'
import { effectiveBodies, parentOf } from './txn-steps.ts'

export class SiblingHistory {
  readonly #committed: CommittedTree
  readonly #cursor: CommittedCursor
  readonly #root: string
  /** Paths of all children that a parent ever had. */
  readonly #childrenByParent = new Map<string, Set<string>>()

  constructor(committed: CommittedTree, root: string) {
    this.#committed = committed
    this.#cursor = new CommittedCursor(committed.history)
    this.#root = root
  }

  /** Paths of all children that the parent ever had. */
  everBelow(parent: string): ReadonlySet<string> {
    for (let next = this.#cursor.next(); next !== undefined; next = this.#cursor.next())
      for (const body of effectiveBodies(next.txn)) {
        const { type } = body
        if (type === OpCode.create || type === OpCode.create2) this.#created(body.path)
        else if (type === OpCode.createContainer || type === OpCode.createTTL)
          this.#created(body.path)
      }
    return this.#childrenByParent.get(parent) ?? none
  }

  /** The children, by path, when `zxid` was the last transaction. */
  at(parent: string, zxid: Zxid): ReadonlyMap<string, ModelNode> {
    const tree = this.#committed.now
    const children = new Map<string, ModelNode>()
    for (const path of this.everBelow(parent)) {
      const node = tree.nodeAt(path, zxid)
      if (node !== undefined) children.set(path, node)
    }
    return children
  }

  /** Whether the children were so at any time within the span, the first and the last transaction included. */
  wasSo(
    parent: string,
    span: Span,
    isSo: (children: ReadonlyMap<string, ModelNode>) => boolean,
  ): boolean {
    return this.#momentsOf(parent, span).some((zxid) => isSo(this.at(parent, zxid)))
  }

  /** The first transaction of the span, and those in it that changed one of the children. */
  #momentsOf(parent: string, { from, to }: Span): readonly Zxid[] {
    const tree = this.#committed.now
    const moments = new Set<Zxid>([from])
    for (const path of this.everBelow(parent))
      for (const { zxid } of tree.statesOf(path)) if (zxid > from && zxid <= to) moments.add(zxid)
    return [...moments]
  }

  #created(path: string): void {
    if (!path.startsWith(this.#root)) return
    const parent = parentOf(path)
    const children = this.#childrenByParent.get(parent)
    if (children === undefined) this.#childrenByParent.set(parent, new Set([path]))
    else children.add(path)
  }
}

const none: ReadonlySet<string> = new Set()
