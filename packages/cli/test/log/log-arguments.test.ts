import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseLogArguments } from '../../src/log/log-arguments.ts'

test('each option is its own action, and files alone are listed', () => {
  const cases: readonly [string[], string][] = [
    [['f', 'g', '--json'], 'list'],
    [['--verify', 'f'], 'verify'],
    [['f', '--recover', '--output', 'g'], 'recover'],
    [['f', '--chop', '0x1a'], 'chop'],
    [['--help'], 'help'],
  ]
  for (const [args, action] of cases) assert.equal(parseLogArguments(args).action, action)
})

test('a zxid is hex behind 0x and decimal otherwise', () => {
  assert.equal(parseLogArguments(['f', '--chop', '0x10000000A']).zxid, 0x1_0000_000a)
  assert.equal(parseLogArguments(['f', '--chop', '26']).zxid, 26)
})

test('arguments that say nothing clear are refused', () => {
  const wrong: readonly [string[], RegExp][] = [
    [[], /no file/],
    [['f', '--verify', '--recover'], /together/],
    [['f', '--output', 'g'], /--recover or --chop/],
    [['f', 'g', '--recover', '--output', 'h'], /2 files/],
    [['f', '--chop', '1a'], /--chop 1a/],
    [['f', '--chop', '0xffffffffffffffff'], /below epoch/],
    [['f', '--all'], /--all/],
  ]
  for (const [args, expected] of wrong) assert.throws(() => parseLogArguments(args), expected)
})
