/** Terms: who leads, what a leader starts with, and what is over when a term is. */
import assert from 'node:assert/strict'
import type { SessionId } from '@quorate/protocol'
import type { CaseDefinition } from './compliance-case.ts'
import { ObservedEnsemble } from './observed-ensemble.ts'
import { textTransaction } from './text-transaction.ts'

export const termCases: readonly CaseDefinition[] = [
  {
    name: 'one server leads, and all others learn from it in its epoch',
    serverCount: 3,
    run(engine) {
      const ensemble = new ObservedEnsemble(engine, { voters: [1, 2, 3] })
      ensemble.startAll()
      const { leader, learners } = ensemble
      assert.equal(learners.length, 2)
      for (const { learning } of learners) {
        assert.equal(learning.leaderId, leader.id)
        assert.equal(learning.epoch, leader.leading.epoch)
        assert.equal(learning.role, 'following')
      }
    },
  },
  {
    name: 'no epoch is led twice, also when everybody starts anew again and again',
    serverCount: 3,
    run(engine) {
      const ensemble = new ObservedEnsemble(engine, { voters: [1, 2, 3] })
      for (let round = 0; round < 5; round++) {
        ensemble.startAll()
        ensemble.crash(...ensemble.servers)
      }
      // At any moment of an election, too: an epoch that was agreed on and not led counts as used.
      for (let steps = 0; steps < 60; steps += 3) {
        ensemble.start(...ensemble.servers)
        for (let step = 0; step < steps; step++) ensemble.step()
        ensemble.crash(...ensemble.servers)
      }
      ensemble.startAll()
    },
  },
  {
    name: 'a leader starts with all that was delivered, whoever of the others is missing',
    serverCount: 3,
    run(engine) {
      const ensemble = new ObservedEnsemble(engine, { voters: [1, 2, 3] })
      ensemble.startAll()
      for (let round = 0; round < 9; round++) {
        const behind = ensemble.servers[round % 3]!
        ensemble.crash(behind)
        const others = ensemble.servers.filter((it) => it !== behind)
        ensemble.runUntilServing(others)
        ensemble.runUntilDelivered(ensemble.leader.submit(), others)
        // Of the two that have it, one goes as the third comes back.
        ensemble.crash(others[round % 2]!)
        ensemble.start(behind)
        ensemble.runUntilServing(ensemble.servers.filter((it) => it.isUp))
        ensemble.startAll()
        ensemble.runUntilLevel()
      }
    },
  },
  {
    name: 'a leader that is cut off delivers nothing, and gives up',
    serverCount: 3,
    run(engine) {
      const ensemble = new ObservedEnsemble(engine, { voters: [1, 2, 3] })
      ensemble.startAll()
      const { leader } = ensemble
      ensemble.isolate(leader)
      const text = leader.submit()
      ensemble.runUntil('it gives up', () => leader.term === undefined)
      assert.ok(!ensemble.agreement.order.some((it) => it.text === text))
    },
  },
  {
    name: 'what is asked of a leader’s term that is over has no effect',
    serverCount: 3,
    run(engine) {
      const ensemble = new ObservedEnsemble(engine, { voters: [1, 2, 3] })
      ensemble.startAll()
      const deposed = ensemble.leader
      const old = deposed.leading
      deposed.submit()
      deposed.confirm()
      ensemble.isolate(deposed)
      ensemble.runUntil('it gives up', () => deposed.term === undefined)
      const submitLate = (): void => {
        const zxid = old.nextZxid()
        old.submit({ zxid, bytes: textTransaction(zxid, 'late') })
      }
      submitLate()
      old.confirmLeadership(() => assert.fail('it is confirmed after its end'))
      old.turnEnded()
      ensemble.healAll()
      ensemble.runUntilServing(ensemble.servers)
      submitLate()
      old.confirmLeadership(() => assert.fail('it is confirmed after its end'))
      old.turnEnded()
      ensemble.runUntilDelivered(ensemble.leader.submit())
      ensemble.run(1_000)
      assert.ok(!ensemble.agreement.order.some(({ text }) => text === 'late'))
      assert.equal(deposed.confirmations, 0)
    },
  },
  {
    name: 'what is asked of a learner’s term that is over has no effect',
    serverCount: 3,
    run(engine) {
      const ensemble = new ObservedEnsemble(engine, { voters: [1, 2, 3] })
      ensemble.startAll()
      const learner = ensemble.learners[0]!
      const old = learner.learning
      ensemble.isolate(learner)
      ensemble.runUntil('it gives up', () => learner.term === undefined)
      ensemble.healAll()
      ensemble.runUntilServing(ensemble.servers)
      ensemble.runUntilLevel()
      const request = {
        session: 7n as SessionId,
        cxid: 1_000,
        type: 5,
        body: new Uint8Array(0),
        identities: [],
      }
      old.forward(request)
      old.sync(request)
      old.revalidate(request.session, 1_000)
      old.turnEnded()
      ensemble.run(1_000)
      assert.deepEqual([...ensemble.leader.forwardedBy.values()].flat(), [])
      assert.deepEqual(learner.revalidations, [])
    },
  },
  {
    name: 'a term that is over hears nothing more, whatever was under way',
    serverCount: 3,
    run(engine) {
      for (let steps = 0; steps < 30; steps++) {
        const ensemble = new ObservedEnsemble(engine, { voters: [1, 2, 3], seed: steps + 1 })
        ensemble.startAll()
        const { leader, learners } = ensemble
        for (let count = 0; count < 5; count++) leader.submit()
        for (const learner of learners) {
          learner.forward()
          learner.sync()
          learner.learning.revalidate(8n as SessionId, 1_000)
        }
        for (let step = 0; step < steps; step++) ensemble.step()
        for (const learner of learners) ensemble.cut(leader, learner)
        ensemble.runUntil('the leader gives up', () => leader.term === undefined)
        ensemble.healAll()
        ensemble.runUntilServing(ensemble.servers)
        ensemble.runUntilDelivered(ensemble.leader.submit())
      }
    },
  },
]
