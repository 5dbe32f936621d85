/** Total order and primary order. */
import assert from 'node:assert/strict'
import { epochOf } from '@quorate/protocol'
import type { CaseDefinition } from './compliance-case.ts'
import { ObservedEnsemble } from './observed-ensemble.ts'

export const orderCases: readonly CaseDefinition[] = [
  {
    name: 'a server alone delivers what it submits, in that order and once',
    serverCount: 1,
    run(engine) {
      const ensemble = new ObservedEnsemble(engine, { voters: [1] })
      ensemble.startAll()
      const texts: string[] = []
      for (let turn = 0; turn < 10; turn++) {
        for (let count = 0; count < 3; count++) texts.push(ensemble.leader.submit())
        ensemble.step()
      }
      ensemble.runUntilDelivered(texts.at(-1)!)
      ensemble.run(1_000)
      assert.deepEqual(textsOf(ensemble), texts)
    },
  },
  {
    name: 'every server delivers what the leader submits, in that order and once',
    serverCount: 3,
    run(engine) {
      const ensemble = new ObservedEnsemble(engine, { voters: [1, 2, 3] })
      ensemble.startAll()
      const texts: string[] = []
      for (let turn = 0; turn < 20; turn++) {
        for (let count = 0; count < 3; count++) texts.push(ensemble.leader.submit())
        ensemble.step()
      }
      ensemble.runUntilDelivered(texts.at(-1)!)
      ensemble.run(1_000)
      assert.deepEqual(textsOf(ensemble), texts)
    },
  },
  {
    name: 'a proposal with another zxid than the next is refused',
    serverCount: 1,
    run(engine) {
      const ensemble = new ObservedEnsemble(engine, { voters: [1] })
      ensemble.startAll()
      const { leading } = ensemble.leader
      const bytes = new Uint8Array(1)
      assert.throws(() => leading.submit({ zxid: leading.nextZxid() + 1, bytes }))
      assert.throws(() => leading.submit({ zxid: leading.lastZxid, bytes }))
      ensemble.runUntilDelivered(ensemble.leader.submit())
      assert.equal(ensemble.agreement.order.length, 1)
    },
  },
  {
    name: 'the next zxid moves with every submission, and the last one is the one submitted',
    serverCount: 1,
    run(engine) {
      const ensemble = new ObservedEnsemble(engine, { voters: [1] })
      ensemble.startAll()
      const { leading } = ensemble.leader
      for (let count = 0; count < 5; count++) {
        const next = leading.nextZxid()
        assert.equal(leading.nextZxid(), next, 'asking twice changes nothing')
        ensemble.leader.submit()
        assert.equal(leading.lastZxid, next)
        assert.ok(leading.nextZxid() > next)
      }
    },
  },
  {
    name: 'what is submitted while something is delivered is delivered behind it',
    serverCount: 1,
    run(engine) {
      submitWhileDelivering(new ObservedEnsemble(engine, { voters: [1] }))
    },
  },
  {
    name: 'what is submitted while something is delivered is delivered behind it, by an ensemble',
    serverCount: 3,
    run(engine) {
      submitWhileDelivering(new ObservedEnsemble(engine, { voters: [1, 2, 3] }))
    },
  },
  {
    name: 'a later leader submits in a higher epoch, behind all that was delivered',
    serverCount: 3,
    run(engine) {
      const ensemble = new ObservedEnsemble(engine, { voters: [1, 2, 3] })
      ensemble.startAll()
      let epoch = 0
      for (let round = 0; round < 4; round++) {
        const { leader } = ensemble
        assert.ok(leader.leading.epoch > epoch)
        ;({ epoch } = leader.leading)
        assert.equal(epochOf(leader.leading.nextZxid()), epoch)
        ensemble.runUntilDelivered(leader.submit())
        ensemble.crash(leader)
        ensemble.start(leader)
        ensemble.runUntil('there is another term', () => ensemble.agreement.epochMax > epoch)
        ensemble.runUntilServing(ensemble.servers)
      }
    },
  },
  {
    name: 'of what a leader submitted and did not deliver, a beginning stays and the rest is gone',
    serverCount: 3,
    run(engine) {
      for (let steps = 0; steps < 40; steps++) crashBehindSubmissions(engine, steps)
    },
  },
]

function textsOf({ agreement }: ObservedEnsemble): string[] {
  return agreement.order.map(({ text }) => text)
}

function submitWhileDelivering(ensemble: ObservedEnsemble): void {
  ensemble.startAll()
  const { leader } = ensemble
  let left = 10
  leader.onDelivered = () => {
    for (let count = 0; count < 2 && left > 0; count++, left--) leader.submit()
  }
  leader.submit()
  ensemble.runUntil('all are delivered', () => ensemble.agreement.order.length === 11)
  ensemble.runUntilLevel()
  assert.deepEqual(textsOf(ensemble), leader.submitted)
}

/** The leader crashes so many events after it has submitted. */
function crashBehindSubmissions(engine: Parameters<CaseDefinition['run']>[0], steps: number): void {
  const ensemble = new ObservedEnsemble(engine, { voters: [1, 2, 3], seed: steps + 1 })
  ensemble.startAll()
  const { leader } = ensemble
  ensemble.runUntilDelivered(leader.submit())
  for (let count = 0; count < 5; count++) {
    leader.submit()
    if (steps % 2 === 1) ensemble.step()
  }
  for (let step = 0; step < steps; step++) ensemble.step()
  const { submitted } = leader
  ensemble.crash(leader)
  // The others may have lost it all too.
  if (steps % 4 === 3) ensemble.crash(...ensemble.servers)
  ensemble.startAll()
  const last = ensemble.leader.submit()
  ensemble.runUntilDelivered(last)
  const kept = textsOf(ensemble).slice(0, -1)
  assert.deepEqual(kept, submitted.slice(0, kept.length))
}
