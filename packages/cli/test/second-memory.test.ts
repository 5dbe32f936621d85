import assert from 'node:assert/strict'
import { it } from 'node:test'
import { rememberSecond } from '../src/second-memory.ts'

it('times are formatted once a second', () => {
  const asked: number[] = []
  const format = rememberSecond((timeMs) => {
    asked.push(timeMs)
    return new Date(timeMs).toISOString().slice(0, 19)
  })
  const texts = [-1, 0, 999, 1_000, 500].map(format)
  assert.deepEqual(asked, [-1, 0, 1_000, 500])
  assert.deepEqual(
    texts.map((text) => text.slice(-2)),
    ['59', '00', '00', '01', '00'],
  )
})
