import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import {
  findLinearization,
  type SequentialModel,
  type TimedOperation,
} from '../../src/checkers/linearization-search.ts'

/** A register of small numbers: a write, or a read that showed a number. */
interface Step extends TimedOperation {
  readonly writes: number | undefined
  readonly shows: number | undefined
}

const model: SequentialModel<number, Step> = {
  initial: 0,
  step(state, { writes, shows }) {
    if (writes !== undefined) return { state: writes }
    return shows === undefined || shows === state ? { state } : undefined
  },
  key: String,
}

/** Every order of every choice of what happened, tried one by one. */
function isLinearizableByForce(history: readonly Step[]): boolean {
  const from = (left: readonly Step[], state: number): boolean => {
    if (left.every(({ returnedAt }) => returnedAt === Infinity)) return true
    const firstReturn = Math.min(...left.map(({ returnedAt }) => returnedAt))
    return left.some((step) => {
      if (step.invokedAt > firstReturn) return false
      const after = model.step(state, step)
      return (
        after !== undefined &&
        from(
          left.filter((other) => other !== step),
          after.state,
        )
      )
    })
  }
  return from(history, model.initial)
}

const moments = fc.shuffledSubarray(
  Array.from({ length: 14 }, (_, i) => i),
  { minLength: 14, maxLength: 14 },
)

const history = fc
  .tuple(
    moments,
    fc.array(
      fc.record({
        isWrite: fc.boolean(),
        value: fc.integer({ min: 0, max: 2 }),
        isAnswered: fc.boolean(),
      }),
      { minLength: 1, maxLength: 7 },
    ),
  )
  .map(([order, steps]) =>
    steps.map(({ isWrite, value, isAnswered }, i): Step => {
      const [a, b] = [order[2 * i], order[2 * i + 1]]
      return {
        writes: isWrite ? value : undefined,
        shows: isWrite ? undefined : value,
        invokedAt: Math.min(a, b),
        returnedAt: isAnswered || !isWrite ? Math.max(a, b) : Infinity,
      }
    }),
  )

test('the search agrees with trying every order', () => {
  const seen = { yes: 0, no: 0 }
  fc.assert(
    fc.property(history, (steps) => {
      const expected = isLinearizableByForce(steps) ? 'yes' : 'no'
      seen[expected]++
      assert.equal(findLinearization(model, steps), expected)
    }),
    { numRuns: 3_000 },
  )
  assert.ok(seen.yes > 300 && seen.no > 300, `${seen.yes} right and ${seen.no} wrong histories`)
})

test('a long history of one register is searched through', () => {
  const steps = Array.from({ length: 600 }, (_, i): Step => {
    const value = Math.floor(i / 3)
    const isWrite = i % 3 === 0
    return {
      writes: isWrite ? value : undefined,
      shows: isWrite ? undefined : value,
      invokedAt: 10 * i,
      returnedAt: 10 * i + 15,
    }
  })
  assert.equal(findLinearization(model, steps), 'yes')
  const wrong = steps.with(500, { ...steps[500], writes: undefined, shows: 3 })
  assert.equal(findLinearization(model, wrong), 'no')
})

test('a search that takes too long says so', () => {
  const counts: SequentialModel<number, Step> = {
    initial: 1,
    step: (state, { shows }) => {
      if (shows !== undefined) return undefined
      return { state: (state * 31 + 7) % 1_000_003 }
    },
    key: String,
  }
  const unknown = Array.from({ length: 30 }, (_, i): Step => {
    return { writes: i, shows: undefined, invokedAt: i, returnedAt: Infinity }
  })
  const impossible: Step = { writes: undefined, shows: 1, invokedAt: 40, returnedAt: 41 }
  assert.equal(findLinearization(counts, [...unknown, impossible]), 'undecided')
})
