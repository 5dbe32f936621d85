/** What is built on the client: locks, elections, barriers, counters, queues, caches, membership, discovery. */
export type { ZooKeeper } from '@quorate/client/core'
