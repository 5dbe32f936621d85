/** What the four-letter words see of a member of an ensemble. */
import type { Counters, ServerView, SessionsView, WatchesView } from '@quorate/replica'
import type { ServerMode } from '../four-letter-words/inspected-server.ts'
import type { InspectedReplica } from '../server-inspection.ts'
import type { EnsembleDriver } from './ensemble-driver.ts'

const modes: Readonly<Record<EnsembleDriver['member']['state'], ServerMode>> = {
  leading: 'leader',
  following: 'follower',
  observing: 'observer',
  'read-only': 'read-only',
  // Nobody is shown it: a server that looks for a leader does not serve.
  looking: 'read-only',
}

export class InspectedMember implements InspectedReplica {
  readonly #driver: EnsembleDriver

  constructor(driver: EnsembleDriver) {
    this.#driver = driver
  }

  get isServing(): boolean {
    return this.#driver.isServing
  }

  get mode(): ServerMode {
    return modes[this.#driver.member.state]
  }

  view(): ServerView {
    return this.#driver.member.view()
  }

  sessionsView(): SessionsView {
    return this.#driver.member.sessionsView()!
  }

  watchesView(): WatchesView {
    return this.#driver.member.watchesView()!
  }

  counters(): Counters {
    return this.#driver.member.counters()
  }

  resetStats(): void {
    this.#driver.member.resetStats()
  }
}
