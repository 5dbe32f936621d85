/**
 * What holds of elections whatever happens.
 *
 * An election alone does not promise one leader: a voter can change its mind in time for one server and too late for another, so two
 * servers may think in the same round that they were elected (transcripts/election-two-leaders.txt). What it does promise is below.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Vote } from '@quorate/consensus'
import { makeZxid, type Notification, PeerState } from '@quorate/protocol'
import * as fc from 'fast-check'
import { membershipOf } from './election-membership.ts'
import { ElectionWorld } from './election-world.ts'
import { RoleKeeper } from './role-keeper.ts'

interface Decision {
  readonly id: number
  readonly state: string
  readonly vote: Vote
}

/** Watches over all that is sent and decided. */
class Watch {
  readonly decisions: Decision[] = []
  /** Votes that a server has sent while it looked, as text. */
  readonly #cast = new Map<string, Set<number>>()
  /** Servers that have said that they follow, or are, a leader. */
  readonly #followersOf = new Map<number, Set<number>>()
  /** Servers that have said of themselves that they lead. */
  readonly #leading = new Set<number>()
  readonly #best = new Map<number, Notification>()
  world: ElectionWorld | undefined

  sent(from: number, _to: number, notification: Notification): void {
    if (notification.state === PeerState.leading) this.#leading.add(from)
    if (notification.state !== PeerState.looking) {
      addTo(this.#followersOf, notification.leader, from)
      return
    }
    const before = this.#best.get(from)
    if (before?.electionEpoch === notification.electionEpoch) {
      assert.ok(order(notification, before) >= 0, `server ${from} proposed something better before`)
    }
    this.#best.set(from, notification)
    addTo(this.#cast, textOf({ ...notification, round: notification.electionEpoch }), from)
  }

  decided(id: number, state: string, vote: Vote): void {
    this.decisions.push({ id, state, vote })
    // Who has joined others in an earlier round comes through this one again.
    this.#best.delete(id)
    const { quorums } = this.world!.server(id).committed
    const voters = this.#cast.get(textOf(vote))
    if (voters !== undefined && quorums.isQuorum((voter) => voters.has(voter))) {
      const isAtMost = (voter: number): boolean => {
        const { lastZxid, currentEpoch } = this.world!.server(voter).history
        return order({ leader: voter, zxid: lastZxid, peerEpoch: currentEpoch }, vote) <= 0
      }
      assert.ok(quorums.isQuorum(isAtMost), `${vote.leader} is no worse than a quorum`)
    } else {
      const followers = this.#followersOf.get(vote.leader)
      assert.ok(quorums.isQuorum((voter) => followers?.has(voter) === true))
      // A leader that has just restarted may be told by its followers that it leads.
      assert.ok(vote.leader === id || this.#leading.has(vote.leader), 'it has said that it leads')
    }
  }

  /** The server has begun a new life and remembers nothing. */
  forgot(id: number): void {
    this.#best.delete(id)
  }
}

function addTo<K>(setByKey: Map<K, Set<number>>, key: K, id: number): void {
  const set = setByKey.get(key) ?? new Set()
  setByKey.set(key, set.add(id))
}

function order(
  one: Pick<Vote, 'leader' | 'zxid' | 'peerEpoch'>,
  other: Pick<Vote, 'leader' | 'zxid' | 'peerEpoch'>,
): number {
  return one.peerEpoch - other.peerEpoch || one.zxid - other.zxid || one.leader - other.leader
}

function textOf({ leader, zxid, round, peerEpoch }: Vote): string {
  return `${leader} ${zxid} ${round} ${peerEpoch}`
}

interface Plan {
  readonly voters: number
  readonly observers: number
  readonly histories: readonly { readonly epoch: number; readonly counter: number }[]
  readonly delays: readonly number[]
  readonly maxNotificationIntervalMs: number
}

const plans = (delayMsMax: number): fc.Arbitrary<Plan> =>
  fc.record({
    voters: fc.constantFrom(2, 3, 3, 4, 5, 7),
    observers: fc.constantFrom(0, 0, 1),
    histories: fc.array(
      fc.record({ epoch: fc.integer({ min: 0, max: 2 }), counter: fc.integer({ min: 0, max: 3 }) }),
      { minLength: 8, maxLength: 8 },
    ),
    delays: fc.array(fc.integer({ min: 0, max: delayMsMax }), { minLength: 1, maxLength: 40 }),
    maxNotificationIntervalMs: fc.constantFrom(400, 2_000),
  })

function worldOf(plan: Plan, watch: Watch, isRefusing = true): ElectionWorld {
  const voters = Array.from({ length: plan.voters }, (_, i) => i + 1)
  const observers = Array.from({ length: plan.observers }, (_, i) => plan.voters + i + 1)
  let at = 0
  const world = new ElectionWorld({
    membership: membershipOf({ voters, observers }),
    serverIds: [...voters, ...observers],
    options: { maxNotificationIntervalMs: plan.maxNotificationIntervalMs },
    delayMs: () => plan.delays[at++ % plan.delays.length],
    isRefusing,
    observer: watch,
  })
  watch.world = world
  for (const [i, server] of world.servers.entries()) {
    const { epoch, counter } = plan.histories[i]
    server.history = { currentEpoch: epoch, lastZxid: makeZxid(epoch, counter) }
  }
  return world
}

type Fault =
  | { readonly kind: 'crash'; readonly a: number }
  | { readonly kind: 'start'; readonly a: number }
  | { readonly kind: 'cut' | 'heal' | 'disconnect'; readonly a: number; readonly b: number }

const faults: fc.Arbitrary<readonly (readonly [number, Fault])[]> = fc.array(
  fc.tuple(
    fc.integer({ min: 0, max: 900 }),
    fc.oneof(
      fc.record({
        kind: fc.constantFrom('crash' as const, 'start' as const),
        a: fc.integer({ min: 0, max: 7 }),
      }),
      fc.record({
        kind: fc.constantFrom('cut' as const, 'heal' as const, 'disconnect' as const),
        a: fc.integer({ min: 0, max: 7 }),
        b: fc.integer({ min: 0, max: 7 }),
      }),
    ),
  ),
  { maxLength: 25 },
)

/** Crashes, restarts and broken connections, at their times. */
class Trouble {
  readonly #world: ElectionWorld
  readonly #watch: Watch
  readonly #keeper: RoleKeeper

  constructor(world: ElectionWorld, watch: Watch) {
    this.#world = world
    this.#watch = watch
    this.#keeper = new RoleKeeper(world)
  }

  begin(id: number): void {
    if (this.#world.server(id).isUp) return
    this.#watch.forgot(id)
    this.#world.start(id)
    this.#keeper.keep(id)
  }

  strike(fault: Fault): void {
    const world = this.#world
    const a = this.#idOf(fault.a)
    if (fault.kind === 'start') this.begin(a)
    else if (fault.kind === 'crash') world.crash(a)
    else if (this.#idOf(fault.b) !== a) world[fault.kind](a, this.#idOf(fault.b))
  }

  #idOf(number: number): number {
    return (number % this.#world.servers.length) + 1
  }
}

test('whatever is lost and whoever restarts, in the end all follow one leader that leads', () => {
  fc.assert(
    fc.property(plans(300), faults, (plan, strikes) => {
      const watch = new Watch()
      const world = worldOf(plan, watch)
      const trouble = new Trouble(world, watch)
      for (const { id } of world.servers) trouble.begin(id)
      for (const [afterMs, fault] of strikes) {
        world.advance(afterMs)
        trouble.strike(fault)
      }
      world.healAll()
      for (const { id } of world.servers) trouble.begin(id)
      world.advance(60_000)
      const leaders = world.servers.filter(({ machine }) => machine.state === 'leading')
      assert.equal(leaders.length, 1, 'one server leads')
      for (const { id, machine } of world.servers) {
        assert.notEqual(machine.state, 'looking', `server ${id} has a role`)
        assert.equal(machine.vote.leader, leaders[0].id)
      }
      const decisionCount = watch.decisions.length
      world.advance(60_000)
      assert.equal(watch.decisions.length, decisionCount, 'that lasts')
    }),
    { numRuns: 300 },
  )
})

test('a majority that can talk elects one of its own, whatever became of the others', () => {
  fc.assert(
    fc.property(plans(100), fc.nat(), (plan, number) => {
      const watch = new Watch()
      const world = worldOf({ ...plan, observers: 0 }, watch)
      const trouble = new Trouble(world, watch)
      const gone = number % (Math.floor((plan.voters - 1) / 2) + 1)
      const absent = world.servers.slice(0, gone).map(({ id }) => id)
      const present = world.servers.slice(gone)
      for (const { id } of world.servers) trouble.begin(id)
      for (const id of absent) {
        for (const other of present) world.cut(id, other.id)
      }
      world.advance(60_000)
      const best = present.filter(({ machine }) => machine.state === 'leading')
      assert.equal(best.length, 1)
      for (const { machine } of present) assert.equal(machine.vote.leader, best[0].id)
    }),
    { numRuns: 100 },
  )
})

test('when nothing is lost and all begin together, all elect the best in the same round', () => {
  fc.assert(
    // Begin, change of mind and its news take less than the time that a quorum waits for who is not known to be down.
    fc.property(plans(60), fc.array(fc.nat(60), { minLength: 8, maxLength: 8 }), (plan, waits) => {
      const watch = new Watch()
      const world = worldOf({ ...plan, observers: 0 }, watch, false)
      for (const [i, { id }] of world.servers.entries()) {
        world.after(id, waits[i], () => world.start(id))
      }
      world.advance(1_000)
      const best = world.servers
        .map(({ id, history }) => ({
          leader: id,
          zxid: history.lastZxid,
          peerEpoch: history.currentEpoch,
        }))
        .reduce((one, other) => (order(one, other) > 0 ? one : other))
      assert.equal(watch.decisions.length, plan.voters)
      for (const { id, state, vote } of watch.decisions) {
        assert.deepEqual(vote, { ...best, round: 1 })
        assert.equal(state, id === best.leader ? 'leading' : 'following')
      }
    }),
    { numRuns: 300 },
  )
})

test('no notification, whatever is in it and whoever it is from, throws or makes a server of no vote the leader', () => {
  const wild = fc.oneof(
    fc.integer({ min: -2, max: 9 }),
    fc.constantFrom(-(2 ** 63), -1, 2 ** 53 - 1, 2 ** 52, Number.MAX_SAFE_INTEGER),
  )
  const notifications = fc.array(
    fc.tuple(
      fc.integer({ min: -3, max: 9 }),
      fc.record({
        state: fc.integer({ min: -1, max: 5 }),
        leader: wild,
        zxid: wild,
        electionEpoch: wild,
        peerEpoch: wild,
        version: fc.integer({ min: 0, max: 3 }),
        config: fc.option(fc.oneof(fc.string(), fc.constant('version=ffffffffffff')), {
          nil: undefined,
        }),
      }),
    ),
    { maxLength: 60 },
  )
  fc.assert(
    fc.property(notifications, (all) => {
      const world = new ElectionWorld({
        membership: membershipOf({ voters: [1, 2, 3], observers: [4] }),
        serverIds: [1, 4],
      })
      world.start(1)
      world.start(4)
      for (const [from, notification] of all) {
        for (const to of [1, 4]) {
          world.server(to).machine.received(from, notification)
          const { machine } = world.server(to)
          if (machine.state !== 'looking') assert.ok([1, 2, 3].includes(machine.vote.leader))
        }
        world.advance(30)
      }
    }),
    { numRuns: 500 },
  )
})
