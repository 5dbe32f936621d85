import { OpCode, type Txn } from '@quorate/protocol'
import type { CommittedTree } from '../history/committed-tree.ts'
import type { Observation } from '../history/observation.ts'
import { CommittedCursor, formatZxid } from '../history/txn-history.ts'
import { type Checker, committingTypes } from './checker.ts'

const containerOwner = 1n << 63n
const ttlMask = 0xff_ffff_ffffn

/**
 * Servers remove nodes of their own accord only when they are due.
 *
 * 1. Only containers and nodes with a time to live are removed so, and only without children.
 * 2. A container has had children; a node with a time to live was not changed for that time, by the clock of the server that
 *    removes it.
 */
export class NodeRemovals implements Checker {
  readonly name = 'node-removals'
  readonly reads: Checker['reads'] = committingTypes
  readonly #committed: CommittedTree
  readonly #cursor: CommittedCursor

  constructor(committed: CommittedTree) {
    this.#committed = committed
    this.#cursor = new CommittedCursor(committed.history)
  }

  observe(_observation: Observation): string | undefined {
    for (let next = this.#cursor.next(); next !== undefined; next = this.#cursor.next()) {
      const problem = this.#problem(next.txn)
      if (problem !== undefined) return problem
    }
    return undefined
  }

  #problem({ header, body }: Txn): string | undefined {
    if (body.type !== OpCode.deleteContainer) return undefined
    const { zxid, time } = header
    const node = this.#committed.nodeAt(body.path, zxid - 1)
    const told = `${formatZxid(zxid)} removes ${body.path},`
    if (node === undefined) return `${told} which is not there`
    if (node.childCount > 0) return `${told} which has ${node.childCount} children`
    if (node.owner === containerOwner)
      return node.cversion > 0 ? undefined : `${told} a container that was never used`
    if (node.owner >> 56n !== 0xffn) return `${told} which is to stay`
    const ttlMs = Number(node.owner & ttlMask)
    const ageMs = time - node.mtime
    return ageMs >= ttlMs ? undefined : `${told} ${ageMs} ms old, with ${ttlMs} ms to live`
  }
}
