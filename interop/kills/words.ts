/**
 * What a worker says of itself while it uses the recipes, line by line in its journal: the file is written before it goes on, so
 * that a kill -9 takes nothing of it.
 */

/** Where things are. */
export const paths = {
  /** Followed by a cache; whatever is below is text. */
  shared: '/shared',
  counter: '/shared/counter',
  config: '/shared/config',
  queue: '/shared/queue',
  priorityQueue: '/shared/priority-queue',
  lockingQueue: '/shared/locking-queue',
  long: '/numbers/long',
  sharedCount: '/numbers/shared-count',
  ids: '/numbers/ids',
  round: '/barriers/round',
  gate: '/barriers/gate',
  group: '/presence/group',
  party: '/presence/party',
  nodes: '/presence/nodes',
  services: '/presence/services',
  ttl: '/presence/ttl',
  beats: '/presence/beats',
  partition: '/partition',
} as const

export type QueuePath = '/shared/queue' | '/shared/priority-queue' | '/shared/locking-queue'

export const queuePaths: readonly QueuePath[] = [
  paths.queue,
  paths.priorityQueue,
  paths.lockingQueue,
]

/** What one holder has alone; each has a count that its holder increments, without looking at the version. */
export const soleLocks = [
  'mutex',
  'reentrant',
  'rw',
  'latch',
  'selector',
  'multi-a',
  'multi-b',
  'multi-c',
] as const
export type SoleLock = (typeof soleLocks)[number]

export const membersPerBarrier = 3
export const leaseCount = 2

/** What the partitioner divides: not as many as there are workers. */
export const sharedItems: readonly string[] = ['a', 'b', 'c', 'd', 'e', 'f', 'g']

/** Longer than a server that stands still keeps a touch waiting, which comes twice in this time. */
export const ttlMs = 6_000
/** Between two signs of life. */
export const beatMs = 200
/** Quicker to suspect than by default, so that there is something to judge. */
export const suspicionThreshold = 3

export function roundPath(round: number): string {
  return `/barriers/round-${round}`
}

/** Counts how often the lock's holders have written. */
export function sectionPath(lock: SoleLock): string {
  return `/sections/${lock}`
}

/** An item that ends a loop that takes items. */
export const lastItem = 'last'

export type Word =
  /** It made a client, and nothing of an earlier one goes on. */
  | { readonly type: 'began' }
  | { readonly type: 'connected'; readonly session: string }
  /** It has a session, and no connection. */
  | { readonly type: 'cutOff' }
  | { readonly type: 'expired' }
  | {
      readonly type: 'granted'
      readonly lock: string
      /** The node that it is held by. */
      readonly path: string
      readonly token: number
      readonly zxid: number
      /** Whether it says that it is lost when the session's timeout is over, or when the session is. */
      readonly lossPolicy: 'lease' | 'session'
    }
  /** The first that a holder says after a pause of its own, before it asks anybody. */
  | {
      readonly type: 'woke'
      readonly path: string
      readonly isHeld: boolean
      /** A moment before it looked. */
      readonly asOfUs: number
    }
  /** It has released the lock less often than it acquired it, and holds it still: as of that transaction, and of that moment. */
  | {
      readonly type: 'kept'
      readonly path: string
      readonly zxid: number
      readonly asOfUs: number
    }
  /** Items of the partitioner are its own, */
  | {
      readonly type: 'shareTaken'
      readonly share: string
      readonly session: string
      readonly items: readonly string[]
      readonly zxid: number
    }
  /** and still were at that moment, by its lease, */
  | { readonly type: 'shareKept'; readonly share: string; readonly asOfUs: number }
  /** until it gives them back. */
  | { readonly type: 'shareEnded'; readonly share: string }
  /** What the failure detector says of a member, when its client had seen that transaction. */
  | {
      readonly type: 'memberSeen'
      readonly member: string
      readonly status: 'alive' | 'suspected' | 'gone'
      readonly zxid: number
    }
  /** What a recipe says is below a node. */
  | {
      readonly type: 'looked'
      readonly parent: string
      readonly values: readonly (readonly [path: string, value: string])[]
    }
  /** A guarded write was made, at that transaction; was refused, since the lock is lost; or nobody can say. */
  | { readonly type: 'wrote'; readonly path: string; readonly zxid: number }
  | { readonly type: 'refused'; readonly path: string }
  | { readonly type: 'doubted'; readonly path: string; readonly code: string }
  /** A reader's or leaseholder's version of something was another at the end, though it still held the lock. */
  | { readonly type: 'disturbed'; readonly path: string }
  | { readonly type: 'gaveBack'; readonly path: string }
  | { readonly type: 'countBegun'; readonly counter: string; readonly amount: number }
  /** Or not, or nobody can say: then the code is that of the rejection. */
  | {
      readonly type: 'counted'
      readonly counter: string
      readonly outcome: 'done' | 'not done' | 'in doubt'
      readonly code?: string
    }
  | { readonly type: 'numbered'; readonly number: number }
  | { readonly type: 'itemOffered'; readonly queue: QueuePath; readonly item: string }
  | { readonly type: 'itemPut'; readonly queue: QueuePath; readonly item: string }
  | { readonly type: 'takeBegun'; readonly queue: QueuePath }
  | {
      readonly type: 'takeEnded'
      readonly queue: QueuePath
      readonly item?: string
      readonly isSure: boolean
    }
  | { readonly type: 'entered'; readonly round: number; readonly zxid: number }
  | { readonly type: 'left'; readonly round: number; readonly zxid: number }
  /** It waited for the gate to be open, from one transaction to another. */
  | { readonly type: 'passed'; readonly from: number; readonly zxid: number }
  | { readonly type: 'followed'; readonly count: number }
  | {
      readonly type: 'copied'
      readonly zxid: number
      readonly values: readonly (readonly [path: string, value: string])[]
    }
  /** A recipe rejected; the session may have ended. */
  | {
      readonly type: 'failed'
      readonly job: string
      readonly code: string
      readonly applied: 'no' | 'unknown'
      readonly isOver: boolean
    }
  /** Puts and contends no more. */
  | { readonly type: 'putNoMore' }
  | { readonly type: 'rested' }
  | { readonly type: 'reported'; readonly report: Report }
  | { readonly type: 'closed' }

/** What a worker sees when nothing happens any more. */
export interface Report {
  readonly group: readonly string[]
  readonly party: readonly string[]
  readonly nodes: readonly string[]
  readonly instances: readonly string[]
  readonly ttlNodes: readonly string[]
  /** Those that the failure detector takes for alive. */
  readonly alive: readonly string[]
  readonly configCount: number
  readonly sharedCount: number
  /** Its own, which nobody else has. */
  readonly items: readonly string[]
}

export interface Said {
  /** On the clock that all processes of the machine share, µs. */
  readonly atUs: number
  readonly word: Word
}

export function nowUs(): number {
  return Number(process.hrtime.bigint() / 1_000n)
}
