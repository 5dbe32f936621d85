/**
 * The numbers that servers append to the names of sequential nodes.
 *
 * The counter is a signed 32-bit number, printed as ten characters at least: after 2147483647 comes -2147483648, and
 * later -000000001 and 0000000000. Names compared as text are then in the wrong order, and a lock is granted twice or
 * never (kazoo #730). Here numbers are compared by their distance on the circle, which is right as long as the nodes
 * that are there together lie less than 2^31 apart.
 */

/** A child of a recipe's node, with its place in the line. */
export interface Sequenced {
  /** The child's name as it is. */
  readonly name: string
  /** What stands before the number: `lock-`, `__READ__`. */
  readonly kind: string
  /** −2^31 to 2^31−1 */
  readonly sequence: number
}

/** Negative before positive: where one was created after the other, less than 2^31 children ago. */
export function compareSequence(a: number, b: number): number {
  return (a - b) | 0
}

/** Reads the number behind the last of `kinds` in the name; undefined if the name is no such one. */
export function parseSequenced(name: string, kinds: readonly string[]): Sequenced | undefined {
  for (const kind of kinds) {
    const at = name.lastIndexOf(kind)
    if (at < 0) continue
    const digits = name.slice(at + kind.length)
    if (sequencePattern.test(digits)) return { name, kind, sequence: Number(digits) }
  }
  return undefined
}

/** The children that are in the line, the one created first in front. Others are left out. */
export function sortSequenced(
  names: readonly string[],
  kinds: readonly string[],
): readonly Sequenced[] {
  const line: Sequenced[] = []
  for (const name of names) {
    const child = parseSequenced(name, kinds)
    if (child !== undefined) line.push(child)
  }
  return line.toSorted((a, b) => compareSequence(a.sequence, b.sequence))
}

/** "%010d" of a signed number: ten characters, and eleven for -2147483648 to -1000000000. */
const sequencePattern = /^(?:\d{10}|-\d{9,10})$/
