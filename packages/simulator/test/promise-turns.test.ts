import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PromiseTurns, runContinuations } from '../src/promise-turns.ts'

test('continuations that others make due run in the same turn', async () => {
  const order: string[] = []
  const chain = async (): Promise<void> => {
    await Promise.resolve()
    order.push('first')
    await Promise.resolve().then(() => order.push('second'))
    order.push('third')
  }
  void chain()
  await runContinuations()
  assert.deepEqual(order, ['first', 'second', 'third'])
})

test('a turn ends with what a continuation threw', () => {
  const turns = new PromiseTurns()
  turns.begin()
  assert.ok(turns.isDue)
  turns.guarded(() => {
    throw new Error('in a continuation')
  })()
  assert.throws(() => turns.end(), /in a continuation/)
  assert.ok(!turns.isDue)
})
