/** Nothing is delivered that a crash could take back. */
import assert from 'node:assert/strict'
import type { CaseDefinition } from './compliance-case.ts'
import { ObservedEnsemble } from './observed-ensemble.ts'

export const durabilityCases: readonly CaseDefinition[] = [
  {
    name: 'a server alone delivers nothing before its disk has it',
    serverCount: 1,
    run(engine) {
      const ensemble = new ObservedEnsemble(engine, { voters: [1] })
      ensemble.startAll()
      const { leader } = ensemble
      ensemble.holdDisk(leader)
      const text = leader.submit()
      ensemble.run(1_000)
      assert.equal(ensemble.agreement.order.length, 0)
      ensemble.releaseDisk(leader)
      ensemble.runUntilDelivered(text)
    },
  },
  {
    name: 'nothing is delivered while only the leader has it on its disk',
    serverCount: 3,
    run(engine) {
      const ensemble = new ObservedEnsemble(engine, { voters: [1, 2, 3] })
      ensemble.startAll()
      const followers = ensemble.learners
      for (const follower of followers) ensemble.holdDisk(follower)
      const text = ensemble.leader.submit()
      ensemble.run(300)
      assert.equal(ensemble.agreement.order.length, 0)
      for (const follower of followers) ensemble.releaseDisk(follower)
      ensemble.runUntilDelivered(text)
    },
  },
  {
    name: 'one slow disk does not keep a quorum from delivering, be it the leader’s',
    serverCount: 3,
    run(engine) {
      for (const place of [0, 1, 2]) {
        const ensemble = new ObservedEnsemble(engine, { voters: [1, 2, 3] })
        ensemble.startAll()
        const slow = ensemble.servers[place]!
        ensemble.holdDisk(slow)
        const text = ensemble.leader.submit()
        ensemble.runUntil('a quorum delivers it', () =>
          ensemble.agreement.order.some((it) => it.text === text),
        )
        ensemble.releaseDisk(slow)
        ensemble.runUntilLevel()
      }
    },
  },
  {
    name: 'what was delivered is there after everybody has lost power',
    serverCount: 1,
    run(engine) {
      losePower(new ObservedEnsemble(engine, { voters: [1] }))
    },
  },
  {
    name: 'what was delivered is there after everybody has lost power, in an ensemble',
    serverCount: 3,
    run(engine) {
      losePower(new ObservedEnsemble(engine, { voters: [1, 2, 3] }))
    },
  },
  {
    name: 'the memory of a proposal may be used again once it was delivered and the turn has ended',
    serverCount: 1,
    run(engine) {
      reuseMemory(new ObservedEnsemble(engine, { voters: [1] }))
    },
  },
  {
    name: 'the memory of a proposal may be used again, whatever a learner lacks then',
    serverCount: 3,
    run(engine) {
      const ensemble = new ObservedEnsemble(engine, { voters: [1, 2, 3] })
      ensemble.startAll()
      const away = ensemble.learners[0]!
      ensemble.crash(away)
      for (let count = 0; count < 5; count++) ensemble.leader.submit()
      ensemble.runUntilLevel(ensemble.servers.filter((it) => it !== away))
      ensemble.run(100)
      // What it lacks was overwritten by now where it was submitted from.
      ensemble.startAll()
      ensemble.runUntilLevel()
      reuseMemory(ensemble)
    },
  },
]

/** Deliveries, a crash of all at each time of them, and another leader that has them all. */
function losePower(ensemble: ObservedEnsemble): void {
  ensemble.startAll()
  for (let round = 0; round < 8; round++) {
    const { leader } = ensemble
    const before = ensemble.agreement.order.length
    for (let count = 0; count < 3; count++) leader.submit()
    ensemble.runUntil('something is delivered', () => ensemble.agreement.order.length > before)
    for (let step = 0; step < round; step++) ensemble.step()
    ensemble.crash(...ensemble.servers)
    ensemble.startAll()
    ensemble.runUntilDelivered(ensemble.leader.submit())
  }
}

/** Everybody starts anew from disks, and is compared with what was delivered before. */
function reuseMemory(ensemble: ObservedEnsemble): void {
  ensemble.startAll()
  let last = ''
  for (let count = 0; count < 5; count++) {
    last = ensemble.leader.submit()
    ensemble.step()
  }
  ensemble.runUntilDelivered(last)
  ensemble.run(100)
  ensemble.crash(...ensemble.servers)
  ensemble.startAll()
  ensemble.runUntilDelivered(ensemble.leader.submit())
}
