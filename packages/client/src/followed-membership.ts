/**
 * Keeps the list of servers as `/zookeeper/config` has it: reads it on each connection and at each change. A client that
 * may not read it, and one of an ensemble whose configuration names no client ports, stays with the list that it has.
 */
import * as operations from './operations.ts'
import { configPath, membershipOf } from './membership-calls.ts'
import { memberAddresses } from './member-addresses.ts'
import type { SharedSession, Watcher, WatchingView } from './shared-session.ts'

/** Goes on until the session ends. */
export function followMembership(shared: SharedSession): void {
  const followed = new FollowedMembership(shared)
  shared.events.on('state', ({ state }) => {
    if (state === 'connected') followed.changed()
  })
}

class FollowedMembership implements WatchingView {
  readonly #shared: SharedSession
  readonly #watcher: Watcher = { view: this, listener: () => {} }
  #version = -1

  constructor(shared: SharedSession) {
    this.#shared = shared
  }

  changed(): void {
    void this.#read()
  }

  async #read(): Promise<void> {
    const { session, watches } = this.#shared
    const read = operations.getData(configPath, true, (err) => {
      if (err === 0) watches.add('data', configPath.server, this.#watcher)
    })
    try {
      const { config, version } = await session.submit(membershipOf(read))
      // A server that is behind tells an older one, which is of no interest.
      if (version <= this.#version) return
      this.#version = version
      const servers = memberAddresses(config)
      if (servers.length > 0 && this.#shared.servers.update(servers, session.server)) session.move()
    } catch {
      // The session is over, or the node may not be read: the list stays as it is. The next connection asks again.
    }
  }
}
