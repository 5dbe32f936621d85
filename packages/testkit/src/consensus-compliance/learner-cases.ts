/** Learners: they deliver what the leader does, and ask it for what only a leader can do. */
import assert from 'node:assert/strict'
import type { SessionId } from '@quorate/protocol'
import type { CaseDefinition } from './compliance-case.ts'
import { ObservedEnsemble } from './observed-ensemble.ts'

export const learnerCases: readonly CaseDefinition[] = [
  {
    name: 'an observer delivers the same, and does not count',
    serverCount: 4,
    run(engine) {
      const ensemble = new ObservedEnsemble(engine, { voters: [1, 2, 3], observers: [4] })
      ensemble.startAll()
      const observer = ensemble.server(4)
      assert.equal(observer.learning.role, 'observing')
      ensemble.runUntilDelivered(ensemble.leader.submit())
      // With one voter left, two servers are up, and that is no quorum.
      const { leader, learners } = ensemble
      ensemble.crash(...learners.filter((it) => it !== observer))
      const text = leader.submit()
      ensemble.run(ensemble.patienceMs)
      assert.ok(!ensemble.agreement.order.some((it) => it.text === text))
      ensemble.startAll()
      ensemble.runUntilDelivered(ensemble.leader.submit())
    },
  },
  {
    name: 'a learner that was away catches up, from near and from far',
    serverCount: 4,
    run(engine) {
      const ensemble = new ObservedEnsemble(engine, { voters: [1, 2, 3], observers: [4] })
      ensemble.startAll()
      for (const missed of [1, 10, 100, 1_000]) {
        const away = [ensemble.learners.find((it) => it.id !== 4)!, ensemble.server(4)]
        ensemble.crash(...away)
        const others = ensemble.servers.filter((it) => !away.includes(it))
        for (let count = 0; count < missed; count++) {
          ensemble.leader.submit()
          if (count % 10 === 0) ensemble.step()
        }
        ensemble.runUntilLevel(others)
        ensemble.start(...away)
        // While they catch up, it goes on.
        for (let count = 0; count < 20; count++) {
          ensemble.leader.submit()
          ensemble.step()
        }
        ensemble.runUntilServing(ensemble.servers)
        ensemble.runUntilDelivered(ensemble.leader.submit())
      }
    },
  },
  {
    name: 'requests reach the leader in the order in which a learner forwards them, each once',
    serverCount: 4,
    run(engine) {
      const ensemble = new ObservedEnsemble(engine, { voters: [1, 2, 3], observers: [4] })
      ensemble.startAll()
      const { leader, learners } = ensemble
      const sent = new Map<number, number[]>()
      for (let round = 0; round < 10; round++) {
        for (const learner of learners) {
          const cxids = sent.get(learner.id) ?? []
          sent.set(learner.id, cxids)
          for (let count = 0; count <= round % 3; count++) cxids.push(learner.forward())
        }
        leader.submit()
        ensemble.step()
      }
      ensemble.run(1_000)
      const come = new Map(
        [...leader.forwardedBy].map(([{ serverId }, cxids]) => [serverId, cxids] as const),
      )
      for (const [id, cxids] of sent) assert.deepEqual(come.get(id), cxids)
    },
  },
  {
    name: 'a forwarded request arrives as it was sent',
    serverCount: 3,
    run(engine) {
      const ensemble = new ObservedEnsemble(engine, { voters: [1, 2, 3] })
      ensemble.startAll()
      const request = {
        session: 0x1234_5678_9abc_def0n as SessionId,
        cxid: 77,
        type: 1,
        body: Uint8Array.of(1, 2, 3, 250),
        identities: [
          { scheme: 'ip', id: '127.0.0.1' },
          { scheme: 'digest', id: 'a:b' },
        ],
      }
      const learner = ensemble.learners[0]!
      let come: unknown
      ensemble.leader.onForwarded = (from, { body, ...rest }) => {
        come = { from: from.serverId, ...rest, body: [...body] }
      }
      learner.learning.forward(request)
      ensemble.run(500)
      assert.deepEqual(come, { from: learner.id, ...request, body: [1, 2, 3, 250] })
    },
  },
  {
    name: 'a sync is answered behind everything that the leader had delivered',
    serverCount: 3,
    run(engine) {
      const ensemble = new ObservedEnsemble(engine, { voters: [1, 2, 3] })
      ensemble.startAll()
      const { leader, learners } = ensemble
      for (let round = 0; round < 20; round++) {
        for (let count = 0; count < 3; count++) leader.submit()
        for (const learner of learners) learner.sync()
        ensemble.step()
      }
      ensemble.runUntil('all syncs are answered', () =>
        learners.every((it) => it.syncsAnswered === it.syncsAsked),
      )
      assert.ok(learners.every((it) => it.syncsAnswered === 20))
    },
  },
  {
    name: 'a learner is told whether a session is alive, as the leader says',
    serverCount: 3,
    run(engine) {
      const ensemble = new ObservedEnsemble(engine, { voters: [1, 2, 3] })
      ensemble.startAll()
      const learner = ensemble.learners[0]!
      learner.learning.revalidate(2n as SessionId, 1_000)
      learner.learning.revalidate(3n as SessionId, 1_000)
      ensemble.runUntil('both are answered', () => learner.revalidations.length === 2)
      assert.deepEqual(learner.revalidations, [
        { session: 2n, isValid: true },
        { session: 3n, isValid: false },
      ])
    },
  },
  {
    name: 'the leader hears of the sessions that a learner has heard of',
    serverCount: 4,
    run(engine) {
      const ensemble = new ObservedEnsemble(engine, { voters: [1, 2, 3], observers: [4] })
      ensemble.startAll()
      const { leader, learners } = ensemble
      for (const learner of learners) learner.touches.push(touchOf(learner.id))
      ensemble.runUntil('it has heard of all', () => leader.touched.length >= learners.length)
      assert.deepEqual(new Set(leader.touched), new Set(learners.map(({ id }) => touchOf(id))))
    },
  },
]

function touchOf(serverId: number): SessionId {
  return (BigInt(serverId) + 100n) as SessionId
}
