/** Engines that break one promise each. */
import type { LeaderHost, LeaderTerm, LearnerHost, LearnerTerm, Proposal } from '@quorate/consensus'
import type { EngineHost, EngineUnderTest } from '@quorate/testkit'
import { MemoryHistory } from '../../../consensus/test/zab/memory-history.ts'
import { standaloneEngine } from './standalone-subject.ts'
import { zabEngine } from './zab-subject.ts'

export interface WrongEngine {
  readonly engine: EngineUnderTest
  /** The cases that are meant for it. */
  readonly fails: readonly string[]
}

/** What an engine gets wrong between itself and its host. */
interface Wrongs {
  readonly leaderTerm?: (term: LeaderTerm) => Partial<LeaderTerm>
  readonly leaderHost?: (host: LeaderHost) => Partial<LeaderHost>
  readonly learnerTerm?: (term: LearnerTerm, host: () => LearnerHost) => Partial<LearnerTerm>
  readonly learnerHost?: (host: LearnerHost) => Partial<LearnerHost>
  readonly termEnded?: (host: LeaderHost | LearnerHost) => void
}

function wrongBetween(wrongs: Wrongs): (host: EngineHost) => EngineHost {
  return (right) => {
    let last: LeaderHost | LearnerHost | undefined
    return {
      leadingStarted(term) {
        const host = right.leadingStarted(altered(term, wrongs.leaderTerm?.(term)))
        last = host
        return { ...host, ...wrongs.leaderHost?.(host) }
      },
      learningStarted(term) {
        let host: LearnerHost | undefined
        host = right.learningStarted(
          altered(
            term,
            wrongs.learnerTerm?.(term, () => host!),
          ),
        )
        last = host
        return { ...host, ...wrongs.learnerHost?.(host) }
      },
      termEnded(reason) {
        right.termEnded(reason)
        if (last !== undefined) wrongs.termEnded?.(last)
      },
      membershipChanged: (text) => right.membershipChanged(text),
      turnHasEnded: () => right.turnHasEnded(),
    }
  }
}

/** The object with some members replaced; the others keep their `this`. */
function altered<T extends object>(right: T, members: Partial<T> = {}): T {
  return new Proxy(right, {
    get(target, name) {
      const member: unknown = Reflect.get(
        Reflect.has(members, name) ? members : target,
        name,
        target,
      )
      return typeof member === 'function' ? (member.bind(target) as unknown) : member
    },
  })
}

/** Says that a sync is done before it is. */
class HastyHistory extends MemoryHistory {
  override sync(done: () => void): void {
    super.sync(() => {})
    done()
  }
}

/** Has no place for a second epoch. */
class FirstEpochHistory extends MemoryHistory {
  override writeEpoch(
    name: 'currentEpoch' | 'acceptedEpoch',
    epoch: number,
    done: () => void,
  ): void {
    if (epoch === 1) super.writeEpoch(name, epoch, done)
  }
}

/** Remembers in memory only which epoch it has accepted. */
class EpochLosingHistory extends MemoryHistory {
  override writeEpoch(
    name: 'currentEpoch' | 'acceptedEpoch',
    epoch: number,
    done: () => void,
  ): void {
    if (name === 'currentEpoch') return super.writeEpoch(name, epoch, done)
    this.acceptedEpoch = epoch
    done()
  }
}

/** Comes back without the last transaction it had. */
class ForgetfulHistory extends MemoryHistory {
  #isPlanting = false

  override crash(): void {
    super.crash()
    if (this.#isPlanting || this.log.length === 0) return
    this.#isPlanting = true
    this.plant({ log: this.log.slice(0, -1) })
    this.#isPlanting = false
  }
}

const inOrder = 'every server delivers what the leader submits, in that order and once'
const forwarding =
  'requests reach the leader in the order in which a learner forwards them, each once'

function zab(name: string, wrongs: Wrongs, ...fails: string[]): WrongEngine {
  return { engine: zabEngine({ name, host: wrongBetween(wrongs) }), fails }
}

const wrongDeliveries: readonly WrongEngine[] = [
  zab(
    'an engine that delivers twice',
    {
      leaderHost: (host) => ({
        deliver(proposal) {
          host.deliver(proposal)
          host.deliver(proposal)
        },
      }),
    },
    inOrder,
  ),
  zab(
    'an engine whose learners deliver in pairs, the second one first',
    {
      learnerHost(host) {
        let first: Proposal | undefined
        return {
          deliver(proposal) {
            if (first === undefined) first = proposal
            else {
              host.deliver(proposal)
              host.deliver(first)
              first = undefined
            }
          },
        }
      },
    },
    inOrder,
  ),
  zab(
    'an engine whose learners miss every fifth delivery',
    {
      learnerHost(host) {
        let count = 0
        return {
          deliver(proposal) {
            if (++count % 5 !== 0) host.deliver(proposal)
          },
        }
      },
    },
    inOrder,
  ),
  zab(
    'an engine that delivers other bytes than were submitted',
    {
      leaderHost: (host) => ({
        deliver: ({ zxid }) => host.deliver({ zxid, bytes: new Uint8Array(3) }),
      }),
    },
    inOrder,
  ),
  {
    engine: zabEngine({
      name: 'an engine that acknowledges before the sync',
      history: (complete) => new HastyHistory(complete),
    }),
    fails: ['nothing is delivered while only the leader has it on its disk'],
  },
  {
    engine: zabEngine({
      name: 'an engine that loses its last transaction in a crash',
      history: (complete) => new ForgetfulHistory(complete),
    }),
    fails: ['what was delivered is there after everybody has lost power, in an ensemble'],
  },
  {
    engine: standaloneEngine({
      name: 'an engine that keeps the memory of its host',
      isKeepingMemory: true,
    }),
    fails: [
      'the memory of a proposal may be used again once it was delivered and the turn has ended',
    ],
  },
]

const wrongSubmissions: readonly WrongEngine[] = [
  zab(
    'an engine that takes any zxid',
    {
      leaderTerm: (term) => ({
        submit: ({ bytes }) => term.submit({ zxid: term.nextZxid(), bytes }),
      }),
    },
    'a proposal with another zxid than the next is refused',
  ),
  {
    engine: standaloneEngine({
      name: 'an engine that drops what is submitted while it delivers',
      host: (right) => {
        let isDelivering = false
        return wrongBetween({
          leaderTerm: (term) => ({
            submit: (proposal) => (isDelivering ? undefined : term.submit(proposal)),
          }),
          leaderHost: (host) => ({
            deliver(proposal) {
              isDelivering = true
              host.deliver(proposal)
              isDelivering = false
            },
          }),
        })(right)
      },
    }),
    fails: ['what is submitted while something is delivered is delivered behind it'],
  },
]

const wrongTerms: readonly WrongEngine[] = [
  {
    engine: zabEngine({
      name: 'an engine that forgets which epochs it has accepted',
      history: (complete) => new EpochLosingHistory(complete),
    }),
    fails: ['no epoch is led twice, also when everybody starts anew again and again'],
  },
  {
    engine: zabEngine({
      name: 'an engine to which one server is a quorum',
      membership: (membership) => ({
        ...membership,
        quorums: {
          ...membership.quorums,
          isQuorum: (isIn) => membership.quorums.voterIds.some((id) => isIn(id)),
        },
      }),
    }),
    fails: [
      'one server of three serves nobody',
      'nothing is delivered while only the leader has it on its disk',
      'a leader that is cut off delivers nothing, and gives up',
    ],
  },
  {
    engine: zabEngine({
      name: 'an engine that waits for all servers',
      options: { finalizeWaitMs: 1_000_000 },
    }),
    fails: ['two of three serve, and the third one joins them'],
  },
  {
    engine: zabEngine({
      name: 'an engine that knows one epoch only',
      history: (complete) => new FirstEpochHistory(complete),
    }),
    fails: ['an ensemble outlives any number of leaders'],
  },
  zab(
    'an engine that tells of a term that is over',
    { termEnded: (host) => host.deliver({ zxid: 1, bytes: new Uint8Array(1) }) },
    'a term that is over hears nothing more, whatever was under way',
  ),
  zab(
    'an engine that confirms at once',
    { leaderTerm: () => ({ confirmLeadership: (confirmed) => confirmed() }) },
    'a leader is confirmed, behind what it submitted before',
    'a leader that is cut off is never confirmed',
    'a leader that has a successor is not confirmed, though it does not know',
  ),
  zab(
    'an engine that never confirms',
    { leaderTerm: () => ({ confirmLeadership: () => {} }) },
    'a leader is confirmed while nothing else happens',
  ),
]

const wrongForwarding: readonly WrongEngine[] = [
  zab(
    'an engine that forwards twice',
    {
      learnerTerm: (term) => ({
        forward(request) {
          term.forward(request)
          term.forward(request)
        },
      }),
    },
    forwarding,
  ),
  zab(
    'an engine that loses a request now and then',
    {
      learnerTerm: (term) => ({
        forward: (request) => (request.cxid % 7 === 0 ? undefined : term.forward(request)),
      }),
    },
    forwarding,
  ),
  zab(
    'an engine that forwards without identities',
    {
      learnerTerm: (term) => ({
        forward: (request) => term.forward({ ...request, identities: [] }),
      }),
    },
    'a forwarded request arrives as it was sent',
  ),
  zab(
    'an engine that answers syncs itself',
    { learnerTerm: (_term, host) => ({ sync: () => host().syncAnswered() }) },
    'a sync is answered behind everything that the leader had delivered',
  ),
  zab(
    'an engine that takes every session for alive',
    { learnerHost: (host) => ({ revalidated: (session) => host.revalidated(session, true) }) },
    'a learner is told whether a session is alive, as the leader says',
  ),
  zab(
    'an engine that keeps touches to itself',
    { learnerHost: () => ({ takeTouches: () => {} }) },
    'the leader hears of the sessions that a learner has heard of',
  ),
]

export const wrongEngines: readonly WrongEngine[] = [
  ...wrongDeliveries,
  ...wrongSubmissions,
  ...wrongTerms,
  ...wrongForwarding,
]
