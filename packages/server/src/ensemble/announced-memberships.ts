/** A store of memberships that tells when another one has come into force. */
import type { Membership, MembershipStore } from '@quorate/consensus'

export class AnnouncedMemberships implements MembershipStore {
  readonly #store: MembershipStore
  readonly #changed: () => void

  constructor(store: MembershipStore, changed: () => void) {
    this.#store = store
    this.#changed = changed
  }

  get committed(): Membership {
    return this.#store.committed
  }

  get lastSeen(): Membership {
    return this.#store.lastSeen
  }

  setCommitted(membership: Membership): void {
    this.#store.setCommitted(membership)
    this.#changed()
  }

  setLastSeen(membership: Membership): void {
    this.#store.setLastSeen(membership)
  }
}
