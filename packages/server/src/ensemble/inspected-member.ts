/** What the four-letter words see of a member of an ensemble. */
import type { MembershipStore } from '@quorate/consensus'
import type { Counters, ServerView, SessionsView, WatchesView } from '@quorate/replica'
import type { EnsembleConfig } from '../config/ensemble-config.ts'
import type {
  EnsembleView,
  LeadingView,
  ServerMode,
} from '../four-letter-words/inspected-server.ts'
import type { InspectedReplica } from '../server-inspection.ts'
import type { EnsembleDriver } from './ensemble-driver.ts'
import type { ProposalSizes } from './proposal-sizes.ts'

export interface InspectedMemberSources {
  readonly driver: EnsembleDriver
  readonly ensemble: EnsembleConfig
  readonly memberships: MembershipStore
  readonly proposalSizes: ProposalSizes
  /** It serves without its disk. */
  readonly isDiskless: boolean
}

const modes: Readonly<Record<EnsembleDriver['member']['state'], ServerMode>> = {
  leading: 'leader',
  following: 'follower',
  observing: 'observer',
  'read-only': 'read-only',
  // Nobody is shown it: a server that looks for a leader does not serve.
  looking: 'read-only',
}

export class InspectedMember implements InspectedReplica {
  readonly #sources: InspectedMemberSources

  constructor(sources: InspectedMemberSources) {
    this.#sources = sources
  }

  get isServing(): boolean {
    return this.#sources.driver.isServing
  }

  get mode(): ServerMode {
    return modes[this.#sources.driver.member.state]
  }

  get ensemble(): EnsembleView {
    const { driver, ensemble, memberships } = this.#sources
    const { committed } = memberships
    const own = committed.memberById.get(ensemble.serverId)
    const { state } = driver.member
    return {
      initLimit: ensemble.zab.initLimit,
      syncLimit: ensemble.zab.syncLimit,
      electionPorts: own?.electionAddresses.map(({ port }) => port) ?? [],
      quorumPorts: own?.quorumAddresses.map(({ port }) => port) ?? [],
      isObserver: own?.isVoter === false,
      membershipText: committed.text,
      voterCount: [...committed.memberById.values()].filter(({ isVoter }) => isVoter).length,
      peerState: `${state} - broadcast`,
      leading: state === 'leading' ? this.#leading() : undefined,
      observerMasterId: driver.member.observerMasterId,
      servedObserverCount: state === 'following' ? this.#servedObserverCount : undefined,
    }
  }

  get #servedObserverCount(): number | undefined {
    const { driver, ensemble } = this.#sources
    if (!ensemble.zab.hasObserverMasters) return undefined
    return [...driver.member.learners()].filter(({ isFed }) => isFed).length
  }

  #leading(): LeadingView {
    const { driver, proposalSizes } = this.#sources
    const learners = [...driver.member.learners()]
    const followers = learners.filter(({ isFed, isObserver }) => isFed && !isObserver)
    const { last, min, max } = proposalSizes
    return {
      learnerCount: learners.length,
      followerCount: followers.length,
      nonVoterCount: followers.filter(({ isVoter }) => !isVoter).length,
      observerCount: learners.filter(({ isFed, isObserver }) => isFed && isObserver).length,
      // A quorum confirms them, whatever is proposed: they wait for a round trip, not for a transaction.
      pendingSyncCount: 0,
      leadingForMs: driver.monotonicMs - driver.termStartedAtMs,
      proposalBytes: { last, min, max },
    }
  }

  view(): ServerView {
    return this.#sources.driver.member.view()
  }

  sessionsView(): SessionsView {
    return this.#sources.driver.member.sessionsView()!
  }

  watchesView(): WatchesView {
    return this.#sources.driver.member.watchesView()!
  }

  counters(): Counters {
    const { driver, isDiskless } = this.#sources
    return { ...driver.member.counters(), serving_without_disk: isDiskless ? 1 : 0 }
  }

  resetStats(): void {
    this.#sources.driver.member.resetStats()
    this.#sources.proposalSizes.reset()
  }
}
