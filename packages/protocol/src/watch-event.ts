/** What a notification tells (Watcher.Event.EventType). */
export const EventType = {
  none: -1,
  nodeCreated: 1,
  nodeDeleted: 2,
  nodeDataChanged: 3,
  nodeChildrenChanged: 4,
  dataWatchRemoved: 5,
  childWatchRemoved: 6,
  persistentWatchRemoved: 7,
} as const

export type EventType = (typeof EventType)[keyof typeof EventType]

/** The state in a notification; a server always sends syncConnected (Watcher.Event.KeeperState). */
export const KeeperState = {
  disconnected: 0,
  syncConnected: 3,
  authFailed: 4,
  connectedReadOnly: 5,
  saslAuthenticated: 6,
  closed: 7,
  expired: -112,
} as const

export type KeeperState = (typeof KeeperState)[keyof typeof KeeperState]

/** The type field of checkWatches and removeWatches (Watcher.WatcherType). */
export const WatcherType = {
  children: 1,
  data: 2,
  any: 3,
  persistent: 4,
  persistentRecursive: 5,
} as const

export type WatcherType = (typeof WatcherType)[keyof typeof WatcherType]

/** The mode field of addWatch (AddWatchMode). */
export const AddWatchMode = { persistent: 0, persistentRecursive: 1 } as const

export type AddWatchMode = (typeof AddWatchMode)[keyof typeof AddWatchMode]
