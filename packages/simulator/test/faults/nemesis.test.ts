import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Fault } from '../../src/faults/fault.ts'
import { Nemesis } from '../../src/faults/nemesis.ts'
import { Network } from '../../src/network/network.ts'
import { TestWorld } from '../test-world.ts'

const runMs = 60_000

/** How often a fault of another kind began while the first one lasted and while it did not, in a minute of virtual time. */
function beginnings(first: Pick<Fault, 'isDelicate' | 'durationLeastMs'>): {
  readonly during: number
  readonly outside: number
  readonly lastedMs: readonly number[]
} {
  const world = new TestWorld(1)
  const nowMs = (): number => world.scheduler.nowUs / 1_000
  const lastedMs: number[] = []
  let isUnderWay = false
  let during = 0
  let outside = 0
  const one: Fault = {
    name: 'one',
    weight: 1,
    durationMostMs: 1_000,
    ...first,
    begin() {
      const beganMs = nowMs()
      isUnderWay = true
      return () => {
        isUnderWay = false
        lastedMs.push(Math.round(nowMs() - beganMs))
      }
    },
  }
  const other: Fault = {
    name: 'other',
    weight: 1,
    durationMostMs: 0,
    begin() {
      if (isUnderWay) during++
      else outside++
      return undefined
    },
  }
  const network = new Network(world)
  const targets = { world, network, servers: [], ensemble: undefined, clients: [] }
  new Nemesis(targets, [one, other], 100).start()
  while (nowMs() < runMs && world.scheduler.runNext());
  return { during, outside, lastedMs }
}

test('while a delicate fault lasts, others begin seldom', () => {
  const usual = beginnings({})
  const delicate = beginnings({ isDelicate: true })
  assert.ok(usual.during > 100, String(usual.during))
  assert.ok(delicate.during > 0 && delicate.during < usual.during / 2, String(delicate.during))
  assert.ok(delicate.outside > 50, String(delicate.outside))
})

test('a fault lasts at least as long as it says', () => {
  const { lastedMs } = beginnings({ durationLeastMs: 900 })
  assert.ok(lastedMs.length > 10)
  assert.ok(lastedMs.every((ms) => ms >= 900 && ms <= 1_000))
  assert.ok(beginnings({}).lastedMs.some((ms) => ms < 500))
})
