/** Random operations on Apache ZooKeeper and on our server, answer by answer. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type RunOptions, runDifferential } from './run.ts'

const run: RunOptions = {
  seed: 1,
  // A little more than is claimed: rounds are cut where a session ends.
  operations: 20_800,
  subject: 'quorate',
  differenceCountMax: 3,
  shrinks: true,
  print: (line) => console.log(line),
}

test(
  'Apache agrees with itself, so the normal form hides no chance',
  { timeout: 120_000 },
  async () => {
    const result = await runDifferential({ ...run, operations: 4_000, subject: 'apache' })
    assert.deepEqual(result.differences, [])
    assert.deepEqual(result.missingCells, [])
  },
)

test('20,000 operations are answered as Apache answers them', { timeout: 300_000 }, async () => {
  const result = await runDifferential(run)
  assert.ok(
    result.operationCount >= 20_000,
    `only ${result.operationCount} operations were compared`,
  )
  assert.deepEqual(result.differences, [])
  assert.deepEqual(result.missingCells, [])
  const unused = [...result.usesByIntendedId].filter(([, count]) => count === 0).map(([id]) => id)
  assert.deepEqual(unused, [], 'an intended difference that never shows has no reason to be listed')
})
