import assert from 'node:assert/strict'
import { it } from 'node:test'
import { parseLaunchOptions } from '../../src/shell/launch-options.ts'

it('goes to the default server and reads commands', () => {
  assert.deepEqual(parseLaunchOptions([]), {
    servers: 'localhost:2181',
    timeoutMs: 30_000,
    acceptsReadOnly: false,
    waitsForConnection: false,
    command: [],
  })
})

it('takes options up to the command, and leaves the command its own', () => {
  const args = ['-server', 'a:1/x', '--timeout', '500', '-r', '-waitforconnection', 'ls', '-s', '/']
  assert.deepEqual(parseLaunchOptions(args), {
    servers: 'a:1/x',
    timeoutMs: 500,
    acceptsReadOnly: true,
    waitsForConnection: true,
    command: ['ls', '-s', '/'],
  })
})

it('says what is wrong', () => {
  assert.throws(() => parseLaunchOptions(['-server']), /no argument found for option -server/)
  assert.throws(() => parseLaunchOptions(['-timeout', 'soon']), /"soon" is not a positive number/)
  assert.throws(() => parseLaunchOptions(['-x']), /unknown option -x\nusage:/)
})
