import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseSimulateArguments } from '../src/simulate-command.ts'

test('one seed or a range of seeds is asked for', () => {
  assert.deepEqual(parseSimulateArguments(['--seed', '7', '--steps', '100', '--trace']), {
    firstSeed: 7,
    lastSeed: 7,
    durationMs: undefined,
    stepsMax: 100,
    isTraced: true,
  })
  const { firstSeed, lastSeed } = parseSimulateArguments(['--seeds', '1..200'])
  assert.deepEqual([firstSeed, lastSeed], [1, 200])
})

test('arguments that say nothing clear are refused', () => {
  const wrong = [
    [],
    ['--seed', '1', '--seeds', '1..2'],
    ['--seeds', '5'],
    ['--seeds', '9..3'],
    ['--seed', 'x'],
    ['--seed', '1', '--duration-ms', '-5'],
  ]
  for (const args of wrong) assert.throws(() => parseSimulateArguments(args), args.join(' '))
})
