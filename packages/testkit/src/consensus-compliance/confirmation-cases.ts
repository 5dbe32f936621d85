/** Confirmed leadership: what linearizable reads rest on. */
import assert from 'node:assert/strict'
import type { CaseDefinition } from './compliance-case.ts'
import type { EngineUnderTest } from './engine-ensemble.ts'
import { ObservedEnsemble } from './observed-ensemble.ts'
import type { ObservedServer } from './observed-server.ts'

const askIntervalMs = 5

export const confirmationCases: readonly CaseDefinition[] = [
  {
    name: 'a server alone is confirmed, behind what it submitted before',
    serverCount: 1,
    run(engine) {
      confirmInOrder(new ObservedEnsemble(engine, { voters: [1] }))
    },
  },
  {
    name: 'a leader is confirmed, behind what it submitted before',
    serverCount: 3,
    run(engine) {
      confirmInOrder(new ObservedEnsemble(engine, { voters: [1, 2, 3] }))
    },
  },
  {
    name: 'a leader is confirmed while nothing else happens',
    serverCount: 3,
    run(engine) {
      const ensemble = new ObservedEnsemble(engine, { voters: [1, 2, 3] })
      ensemble.startAll()
      ensemble.run(1_000)
      ensemble.leader.confirm()
      ensemble.runUntil('it is confirmed', () => ensemble.leader.confirmations === 1)
    },
  },
  {
    name: 'a leader is confirmed with one voter missing, also one that goes meanwhile',
    serverCount: 3,
    run(engine) {
      const ensemble = new ObservedEnsemble(engine, { voters: [1, 2, 3] })
      ensemble.startAll()
      const { leader, learners } = ensemble
      leader.confirm()
      ensemble.step()
      ensemble.crash(learners[0]!)
      ensemble.runUntil('it is confirmed', () => leader.confirmations === 1)
      leader.confirm()
      ensemble.runUntil('it is confirmed', () => leader.confirmations === 2)
    },
  },
  {
    name: 'a leader that is cut off is never confirmed',
    serverCount: 3,
    run(engine) {
      cutOffWhileAsking(engine)
    },
  },
  {
    name: 'a leader that has a successor is not confirmed, though it does not know',
    serverCount: 5,
    run(engine) {
      for (let seed = 1; seed <= 10; seed++) {
        const ensemble = new ObservedEnsemble(engine, { voters: [1, 2, 3, 4, 5], seed })
        ensemble.startAll()
        const deposed = ensemble.leader
        const [friend, ...others] = ensemble.learners
        for (const other of others) {
          ensemble.cut(deposed, other)
          ensemble.cut(friend!, other)
        }
        const { epochMax } = ensemble.agreement
        // It asks all the time, and the laws of the observation hold for each answer.
        askUntilItGivesUp(ensemble, deposed)
        ensemble.runUntil('there is a successor', () => ensemble.agreement.epochMax > epochMax)
      }
    },
  },
]

function confirmInOrder(ensemble: ObservedEnsemble): void {
  ensemble.startAll()
  const { leader } = ensemble
  for (let round = 1; round <= 10; round++) {
    const text = leader.submit()
    leader.confirm(() => {
      assert.ok(ensemble.agreement.order.some((it) => it.text === text))
    })
    if (round % 2 === 0) ensemble.step()
  }
  ensemble.runUntil('all questions are answered', () => leader.confirmations === 10)
}

function cutOffWhileAsking(engine: EngineUnderTest): void {
  const ensemble = new ObservedEnsemble(engine, { voters: [1, 2, 3] })
  ensemble.startAll()
  const { leader } = ensemble
  ensemble.isolate(leader)
  askUntilItGivesUp(ensemble, leader)
  assert.equal(leader.confirmations, 0)
}

function askUntilItGivesUp(ensemble: ObservedEnsemble, leader: ObservedServer): void {
  for (let asked = 0; asked * askIntervalMs < ensemble.patienceMs; asked++) {
    if (!leader.isLeading) return
    leader.confirm()
    ensemble.run(askIntervalMs)
  }
  assert.fail('it leads on without a quorum')
}
