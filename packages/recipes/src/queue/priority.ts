/** Names of items with a priority, as kazoo has them: `entry-PPP-NNNNNNNNNN`. */
import { ZooKeeperError } from '@quorate/client/core'
import { compareSequence, parseSequenced } from '../foundation/sequence.ts'

const priorityDefault = 100
const priorityMost = 999

/** @throws ZooKeeperError BadArguments */
export function priorityName(path: string, priority: number = priorityDefault): string {
  if (!Number.isInteger(priority) || priority < 0 || priority > priorityMost) {
    const message = `the priority is ${priority}, and 0 to ${priorityMost} are allowed.`
    throw new ZooKeeperError('BadArguments', { path, op: 'put', message })
  }
  return `entry-${String(priority).padStart(3, '0')}-`
}

/** The smallest priority first, and of one priority the one that was put first. */
export function orderByPriority(names: readonly string[]): readonly string[] {
  const items = names.flatMap((name) => {
    const kind = /^entry-\d{3}-/.exec(name)?.[0]
    const item = kind === undefined ? undefined : parseSequenced(name, [kind])
    return item === undefined ? [] : [item]
  })
  return items
    .toSorted((a, b) =>
      a.kind === b.kind ? compareSequence(a.sequence, b.sequence) : a.kind < b.kind ? -1 : 1,
    )
    .map(({ name }) => name)
}
