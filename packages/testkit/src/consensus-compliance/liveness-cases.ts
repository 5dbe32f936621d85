/** Who serves, and when: never without a quorum, and always some time after faults are over. */
import assert from 'node:assert/strict'
import type { CaseDefinition } from './compliance-case.ts'
import { ObservedEnsemble } from './observed-ensemble.ts'

export const livenessCases: readonly CaseDefinition[] = [
  {
    name: 'one server of three serves nobody',
    serverCount: 3,
    run(engine) {
      for (const id of [1, 2, 3]) {
        const ensemble = new ObservedEnsemble(engine, { voters: [1, 2, 3] })
        const lone = ensemble.server(id)
        ensemble.start(lone)
        ensemble.run(ensemble.patienceMs)
        assert.equal(lone.term, undefined)
      }
    },
  },
  {
    name: 'two of three serve, and the third one joins them',
    serverCount: 3,
    run(engine) {
      for (const id of [1, 2, 3]) {
        const ensemble = new ObservedEnsemble(engine, { voters: [1, 2, 3] })
        const others = ensemble.servers.filter((it) => it.id !== id)
        ensemble.start(...others)
        ensemble.runUntilServing(others)
        ensemble.runUntilDelivered(ensemble.leader.submit(), others)
        const { epochMax } = ensemble.agreement
        ensemble.startAll()
        ensemble.runUntilLevel()
        assert.equal(ensemble.agreement.epochMax, epochMax, 'nobody is deposed for it')
      }
    },
  },
  {
    name: 'the larger part of a divided ensemble serves, and all of it when it is one again',
    serverCount: 5,
    run(engine) {
      for (let seed = 1; seed <= 5; seed++) {
        const ensemble = new ObservedEnsemble(engine, { voters: [1, 2, 3, 4, 5], seed })
        ensemble.startAll()
        const { leader, learners } = ensemble
        const { epochMax } = ensemble.agreement
        const smaller = [leader, learners[0]!]
        const larger = learners.slice(1)
        for (const a of smaller) for (const b of larger) ensemble.cut(a, b)
        const lost = leader.submit()
        ensemble.runUntil('another one leads', () => ensemble.agreement.epochMax > epochMax)
        ensemble.runUntilServing(larger)
        ensemble.runUntilDelivered(ensemble.leader.submit(), larger)
        assert.ok(!ensemble.agreement.order.some(({ text }) => text === lost))
        ensemble.healAll()
        ensemble.runUntilServing(ensemble.servers)
        ensemble.runUntilDelivered(ensemble.leader.submit())
      }
    },
  },
  {
    name: 'an ensemble outlives any number of leaders',
    serverCount: 3,
    run(engine) {
      const ensemble = new ObservedEnsemble(engine, { voters: [1, 2, 3] })
      ensemble.startAll()
      for (let round = 0; round < 10; round++) {
        const { leader } = ensemble
        const others = ensemble.servers.filter((it) => it !== leader)
        ensemble.crash(leader)
        ensemble.runUntilServing(others)
        ensemble.runUntilDelivered(ensemble.leader.submit(), others)
        ensemble.startAll()
      }
    },
  },
]
