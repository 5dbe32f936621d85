/**
 * Counts and bytes of the subtrees of a snapshot.
 *
 * Snapshots are in pre-order: behind a node comes all that is below it. So the only nodes to remember are the ancestors of the
 * current one, and the rows that will be printed.
 */
import type { SummaryRange } from './snapshot-arguments.ts'

export interface SubtreeRow {
  readonly path: string
  /** 0 for the top. */
  readonly level: number
  /** Nodes below this one, at any depth. */
  descendantCount: number
  /** Bytes of data of this node and of all below it. */
  dataBytes: number
}

export class SubtreeSummary {
  /** Nodes with children, each before those below it, and the top. Complete after {@link finish}. */
  readonly rows: SubtreeRow[] = []
  readonly #range: SummaryRange
  readonly #prefix: string
  /** The ancestors of the next node, from the top down. */
  readonly #open: SubtreeRow[] = []

  constructor(range: SummaryRange) {
    this.#range = range
    this.#prefix = range.path === '/' ? '/' : `${range.path}/`
  }

  /** @throws Error when the node is not below one that came right before it */
  add(path: string, dataBytes: number): void {
    const isTop = path === this.#range.path
    if (!isTop && !path.startsWith(this.#prefix)) return
    const parent = isTop ? '' : parentPath(path)
    while (this.#open.length > 0 && this.#open.at(-1)!.path !== parent) this.#close()
    const level = this.#open.length
    if ((level === 0) !== isTop) {
      throw new Error(`the node "${path}" does not come behind its parent, so sums would be wrong`)
    }
    const row = { path, level, descendantCount: 0, dataBytes }
    if (isTop) this.rows.push(row)
    else this.#showParent()
    this.#open.push(row)
  }

  finish(): void {
    while (this.#open.length > 0) this.#close()
  }

  /** A node without children has no row, so it gets one with its first child. */
  #showParent(): void {
    const parent = this.#open.at(-1)!
    const { depthMax } = this.#range
    const isFirstChild = parent.level > 0 && parent.descendantCount === 0
    if (isFirstChild && (depthMax === 0 || parent.level <= depthMax)) this.rows.push(parent)
  }

  #close(): void {
    const { descendantCount, dataBytes } = this.#open.pop()!
    const parent = this.#open.at(-1)
    if (parent === undefined) return
    parent.descendantCount += descendantCount + 1
    parent.dataBytes += dataBytes
  }
}

function parentPath(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/'
}
