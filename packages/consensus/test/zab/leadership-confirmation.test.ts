import assert from 'node:assert/strict'
import { beforeEach, describe, test } from 'node:test'
import { MajorityQuorums } from '@quorate/consensus'
import { LeadershipConfirmation } from '../../src/zab/leadership-confirmation.ts'
import type { LearnerHandler } from '../../src/zab/learner-handler.ts'

class FakeHandler {
  phase = 'serving'
  isObserver = false
  isGone = false
  pingsSent = 0
  pingsAnswered = 0
  readonly serverId: number

  constructor(serverId: number) {
    this.serverId = serverId
  }

  ping(): void {
    this.pingsSent++
  }
}

describe('the confirmation of a leadership', () => {
  let handlers: FakeHandler[]
  let lastProposed: number
  let lastDelivered: number
  let turnsAsked: number
  let confirmation: LeadershipConfirmation
  let confirmed: string[]

  beforeEach(() => {
    handlers = [1, 2, 4, 5].map((id) => new FakeHandler(id))
    lastProposed = 0
    lastDelivered = 0
    turnsAsked = 0
    confirmed = []
    const quorums = new MajorityQuorums([1, 2, 3, 4, 5])
    confirmation = new LeadershipConfirmation({
      serverId: 3,
      handlers: handlers as unknown as ReadonlySet<LearnerHandler>,
      lastProposed: () => lastProposed,
      lastDelivered: () => lastDelivered,
      isQuorum: (isIn) => quorums.isQuorum(isIn),
      roundDue: () => turnsAsked++,
    })
  })

  function ask(name: string): void {
    confirmation.ask(() => confirmed.push(name))
  }

  function answer(...indices: readonly number[]): void {
    for (const index of indices) {
      handlers[index].pingsAnswered++
      confirmation.progressed()
    }
  }

  test('needs the answers of a quorum, this server included', () => {
    ask('a')
    confirmation.turnEnded()
    answer(0)
    assert.deepEqual(confirmed, [])
    answer(1)
    assert.deepEqual(confirmed, ['a'])
  })

  test('does not take answers to pings that were sent before the question', () => {
    for (const handler of handlers) handler.ping()
    ask('a')
    confirmation.turnEnded()
    answer(0, 1, 2, 3)
    assert.deepEqual(confirmed, [])
    answer(0, 1)
    assert.deepEqual(confirmed, ['a'])
  })

  test('lets who asks during a round wait for the next, which is due at once', () => {
    ask('a')
    confirmation.turnEnded()
    ask('b')
    ask('c')
    confirmation.turnEnded()
    assert.equal(handlers[0].pingsSent, 1)
    answer(0, 1)
    assert.deepEqual(confirmed, ['a'])
    assert.equal(turnsAsked, 1)
    confirmation.turnEnded()
    assert.equal(handlers[0].pingsSent, 2)
    answer(0, 1)
    assert.deepEqual(confirmed, ['a', 'b', 'c'])
  })

  test('waits until what was proposed before the question is delivered', () => {
    lastProposed = 7
    ask('a')
    lastProposed = 9
    confirmation.turnEnded()
    answer(0, 1)
    lastDelivered = 6
    confirmation.progressed()
    assert.deepEqual(confirmed, [])
    lastDelivered = 7
    confirmation.progressed()
    assert.deepEqual(confirmed, ['a'])
  })

  test('takes no answers of observers, nor of learners that do not serve yet', () => {
    handlers[0].isObserver = true
    handlers[1].phase = 'in-step'
    ask('a')
    confirmation.turnEnded()
    assert.equal(handlers[0].pingsSent + handlers[1].pingsSent, 0)
    answer(0, 1, 2)
    assert.deepEqual(confirmed, [])
    answer(3)
    assert.deepEqual(confirmed, ['a'])
  })

  test('does not count who answered and went', () => {
    ask('a')
    confirmation.turnEnded()
    answer(0)
    handlers[0].isGone = true
    answer(1)
    assert.deepEqual(confirmed, [])
    answer(2)
    assert.deepEqual(confirmed, ['a'])
  })

  test('tries again with other learners when those of a round have gone', () => {
    ask('a')
    ask('b')
    confirmation.turnEnded()
    for (const handler of handlers) handler.isGone = true
    confirmation.progressed()
    handlers.length = 0
    handlers.push(new FakeHandler(1), new FakeHandler(2))
    confirmation.turnEnded()
    answer(0, 1)
    assert.deepEqual(confirmed, ['a', 'b'])
  })
})
