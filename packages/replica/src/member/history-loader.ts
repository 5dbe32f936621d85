/** What recovery fills: a new tree, and the newest of the transactions that it replays. */
import { isSuccessor, type RecoveryTarget } from '@quorate/log'
import type { Proposal } from '@quorate/consensus'
import type { Zxid } from '@quorate/protocol'
import { Tree, type TreeOptions } from '@quorate/tree'

export class HistoryLoader implements RecoveryTarget {
  readonly #treeOptions: TreeOptions
  readonly #recentCountMax: number
  readonly #keepsAll: boolean
  #tree: Tree | undefined
  #recent: Proposal[] = []
  readonly #all: Proposal[] = []

  /** @param options keepsAll: {@link replayed} is asked for */
  constructor(
    treeOptions: TreeOptions,
    options: { readonly recentCountMax: number; readonly keepsAll: boolean },
  ) {
    this.#treeOptions = treeOptions
    this.#recentCountMax = options.recentCountMax
    this.#keepsAll = options.keepsAll
  }

  /** The tree, with at least the nodes that every tree has. */
  get tree(): Tree {
    if (this.#tree === undefined) {
      this.#tree = new Tree(this.#treeOptions)
      this.#tree.createSystemNodes()
    }
    return this.#tree
  }

  /** The newest transactions, without a gap. */
  get recent(): readonly Proposal[] {
    return this.#recent.slice(Math.max(0, this.#recent.length - this.#recentCountMax))
  }

  get replayed(): readonly Proposal[] {
    return this.#all
  }

  newLoader(): ReturnType<Tree['loader']> {
    this.#tree = new Tree(this.#treeOptions)
    return this.#tree.loader()
  }

  replay(zxid: Zxid, bytes: Uint8Array, start: number, end: number): void {
    this.tree.apply(bytes, start, end)
    const proposal = { zxid, bytes: bytes.slice(start, end) }
    if (this.#keepsAll) this.#all.push(proposal)
    const last = this.#recent.at(-1)
    if (last !== undefined && !isSuccessor(last.zxid, zxid)) this.#recent = []
    this.#recent.push(proposal)
    // Not at each one: that would move all of them every time.
    if (this.#recent.length > 2 * this.#recentCountMax + 16) this.#recent = [...this.recent]
  }
}
