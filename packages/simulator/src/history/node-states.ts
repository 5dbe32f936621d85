/** The states of a node that were in force at some time: what somebody may have seen who looked then. */
import type { Zxid } from '@quorate/protocol'
import type { ModelNode, NodeState } from './model-tree.ts'

/** Before its first state a node was not there. */
const before: NodeState = { zxid: 0, node: undefined }

export interface Span {
  readonly from: Zxid
  readonly to: Zxid
}

/**
 * The number of the first state from `start` on that was so within the span, the first and the last transaction included.
 * @param states all of the node, in their order; number 0 stands for the time before them
 * @returns undefined when it was never so
 */
export function firstState(
  states: readonly NodeState[],
  { from, to }: Span,
  isSo: (node: ModelNode | undefined) => boolean,
  start = 0,
): number | undefined {
  for (let at = start; at <= states.length; at++) {
    const { zxid, node } = at === 0 ? before : states[at - 1]!
    const next = states[at]
    if (zxid > to) return undefined
    if ((next === undefined || next.zxid > from) && isSo(node)) return at
  }
  return undefined
}
