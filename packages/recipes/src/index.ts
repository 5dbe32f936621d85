/** What is built on the client: locks, elections, barriers, counters, queues, caches, membership, discovery. */
export { cache, type Cache, type CacheOptions } from './cache/cache.ts'
export type { CacheChange, CachedNode } from './cache/cache-change.ts'
export { type Config, config, type ConfigOptions, type ConfigVersion } from './config/config.ts'
export {
  atomicInteger,
  atomicLong,
  type AtomicNumber,
  counter,
  type CounterOptions,
} from './counter/atomic-number.ts'
export {
  type AtomicOptions,
  type AtomicValue,
  atomicValue,
  type Changed,
} from './counter/atomic-value.ts'
export { CachedNumbers } from './counter/cached-numbers.ts'
export {
  sharedCount,
  type SharedValue,
  sharedValue,
  type VersionedValue,
} from './counter/shared-value.ts'
export type { DownPolicy } from './discovery/down-instances.ts'
export {
  type DiscoveryOptions,
  type NewInstance,
  type Registration,
  type ServiceDiscovery,
  serviceDiscovery,
} from './discovery/service-discovery.ts'
export {
  parseUriSpec,
  type ServiceInstance,
  type ServiceType,
  uriOf,
  type UriPart,
  type UriSpec,
} from './discovery/service-instance.ts'
export type { ProviderOptions, ServiceProvider } from './discovery/service-provider.ts'
export type { Candidate, Strategy, StrategyChoice } from './discovery/strategy.ts'
export { type LockingQueue, lockingQueue, type TakenItem } from './queue/locking-queue.ts'
export {
  priorityQueue,
  type PutOptions,
  type Queue,
  queue,
  type QueueOptions,
} from './queue/queue.ts'
export { QueueItemError } from './queue/queue-error.ts'
export type { Signal } from './foundation/abort-source.ts'
export type { AnyZooKeeper } from './foundation/bytes-client.ts'
export type { LossPolicy } from './foundation/own-node.ts'
export {
  RecipeError,
  type RecipeErrorCode,
  type RecipeErrorOptions,
} from './foundation/recipe-error.ts'
export { group, Group, type GroupMember, groupMember, type GroupOptions } from './group/group.ts'
export { type Party, party, type PartyOptions } from './group/party.ts'
export {
  type Divide,
  type PartitionerOptions,
  type SetPartitioner,
  setPartitioner,
  type Share,
} from './group/set-partitioner.ts'
export {
  type PersistentNode,
  persistentNode,
  type PersistentNodeOptions,
} from './node/persistent-node.ts'
export {
  type PersistentTtlNode,
  persistentTtlNode,
  type PersistentTtlNodeOptions,
} from './node/persistent-ttl-node.ts'
export { GuardedWriter, type GuardedTransaction } from './lock/guarded-writer.ts'
export { HeldLock } from './lock/held-lock.ts'
export type { Contender } from './lock/line.ts'
export { LineLock } from './lock/line-lock.ts'
export type { AcquireOptions, Lock, LockLayout, LockOptions } from './lock/lock.ts'
export { HeldLocks, MultiLock } from './lock/multi-lock.ts'
export { Mutex } from './lock/mutex.ts'
export { ReadWriteLock } from './lock/read-write-lock.ts'
export { ReentrantMutex } from './lock/reentrant-mutex.ts'
export { requestRevocation } from './lock/revocation.ts'
export { Semaphore, type SemaphoreOptions } from './lock/semaphore.ts'
export { Barrier } from './barrier/barrier.ts'
export { DoubleBarrier, type DoubleBarrierOptions } from './barrier/double-barrier.ts'
export { LeaderLatch, type LatchState, type LeaderLatchOptions } from './leader/leader-latch.ts'
export { LeaderSelector } from './leader/leader-selector.ts'
export { type Leadership, type LeaderOptions, runAsLeader } from './leader/run-as-leader.ts'
export {
  FailureDetector,
  failureDetector,
  type FailureDetectorOptions,
  type MemberStatus,
} from './detector/failure-detector.ts'
export { Heartbeat, heartbeat, type HeartbeatOptions } from './detector/heartbeat.ts'
