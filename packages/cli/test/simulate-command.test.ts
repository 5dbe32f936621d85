import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseSimulateArguments } from '../src/simulate-command.ts'

test('one seed, some from one on, or a range of seeds is asked for', () => {
  const one = parseSimulateArguments(['--seed', '7', '--steps', '100', '--trace'])
  assert.deepEqual([one.firstSeed, one.lastSeed, one.isTraced], [7, 7, true])
  assert.equal(one.request.stepsMax, 100)
  const range = parseSimulateArguments(['--seeds', '1..200'])
  assert.deepEqual([range.firstSeed, range.lastSeed], [1, 200])
  const count = parseSimulateArguments(['--seed', '50', '--seeds', '10'])
  assert.deepEqual([count.firstSeed, count.lastSeed], [50, 59])
  const timed = parseSimulateArguments(['--seed', '50', '--minutes', '2'])
  assert.deepEqual([timed.firstSeed, timed.lastSeed, timed.minutes], [50, Infinity, 2])
})

test('servers, faults, workload and processes can be said', () => {
  const { request, jobs } = parseSimulateArguments(
    '--seed 1 --voters 5 --observers 2 --faults disk.full,process.kill --workload queue --jobs 2'.split(
      ' ',
    ),
  )
  assert.deepEqual(request.topology, { voterCount: 5, observerCount: 2 })
  assert.deepEqual(new Set(request.faultNames), new Set(['disk.full', 'process.kill']))
  assert.deepEqual([request.workload, jobs], ['queue', 2])
  const alone = parseSimulateArguments(['--seed', '1', '--standalone', '--faults', 'none'])
  assert.deepEqual([alone.request.topology, alone.request.faultNames], [{ isStandalone: true }, []])
})

test('arguments that say nothing clear are refused', () => {
  const wrong = [
    [],
    ['--seed', '1', '--seeds', '1..2'],
    ['--seeds', '5'],
    ['--seeds', '9..3'],
    ['--seed', 'x'],
    ['--seed', '1', '--duration-ms', '-5'],
    ['--seed', '1', '--seeds', '0'],
    ['--seed', '1', '--faults', 'disk.fire'],
    ['--seed', '1', '--workload', 'idleness'],
    ['--seed', '1', '--standalone', '--voters', '3'],
    ['--seed', '1', '--jobs', '0'],
  ]
  for (const args of wrong) assert.throws(() => parseSimulateArguments(args), args.join(' '))
})
