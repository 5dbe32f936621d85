import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Prng } from '../src/prng.ts'

test('the numbers of a seed never change', () => {
  const random = new Prng('seed 1')
  const numbers = Array.from({ length: 5 }, () => random.below(1_000_000))
  assert.deepEqual(numbers, [281586, 574536, 286947, 841741, 534240])
})

test('a fork depends on its label and not on what was drawn', () => {
  const random = new Prng('seed 1')
  const before = random.fork('a').next()
  random.next()
  assert.equal(random.fork('a').next(), before)
  assert.notEqual(random.fork('b').next(), before)
})

test('numbers are spread evenly', () => {
  const random = new Prng('spread')
  const counts = Array.from({ length: 10 }, () => 0)
  for (let i = 0; i < 10_000; i++) counts[random.below(10)]++
  for (const count of counts) assert.ok(count > 850 && count < 1_150, `${count} of 10000`)
})
