/** What watches tell. */
import { EventType, type Zxid } from '@quorate/protocol'

/** ZooKeeper's names of events; the three removals are told by the client itself, after removeWatches. */
export type ChangeType = Exclude<keyof typeof EventType, 'none'>

export interface Change {
  readonly type: ChangeType
  /** The node, as this client sees its path. For nodeChildrenChanged it is the parent. */
  readonly path: string
  /** The transaction that made the change; servers before 3.9 do not tell it. */
  readonly zxid: Zxid | undefined
}

export type ChangeListener = (change: Change) => void

const typesByNumber = new Map<number, ChangeType>(
  Object.entries(EventType)
    .filter(([name]) => name !== 'none')
    .map(([name, number]) => [number, name as ChangeType]),
)

export function changeType(number: number): ChangeType | undefined {
  return typesByNumber.get(number)
}
