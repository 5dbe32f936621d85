import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseBenchArguments } from '../../src/bench/bench-options.ts'

test('options become numbers, and what is left out has its default', () => {
  const { mode, wantsJson, options } = parseBenchArguments([
    'load',
    '--server',
    '[::1]:2182,localhost:2183',
    '--connections',
    '20',
    '--server-pid',
    '17,18',
    '--json',
  ])
  assert.equal(mode, 'load')
  assert.equal(wantsJson, true)
  assert.deepEqual(options.servers, [
    { host: '::1', port: 2182 },
    { host: 'localhost', port: 2183 },
  ])
  assert.equal(options.connectionCount, 20)
  assert.equal(options.depth, 1)
  assert.deepEqual(options.serverPids, [17, 18])
})

test('a wrong value is refused with what is allowed', () => {
  const wrong: readonly (readonly [string, string, RegExp])[] = [
    ['--depth', 'many', /--depth is "many"; a number between 1 and 10000 is allowed/],
    ['--keys', '1.5', /--keys is 1.5; it must be a whole number/],
    ['--reads', '101', /--reads is "101"; a number between 0 and 100 is allowed/],
    ['--server', 'localhost', /--server is "localhost"; it must be HOST:PORT/],
    ['--seconds', '', /--seconds is ""; a number between/],
  ]
  for (const [name, value, message] of wrong) {
    assert.throws(() => parseBenchArguments(['load', name, value]), { message })
  }
})
