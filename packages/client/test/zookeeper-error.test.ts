import assert from 'node:assert/strict'
import { it } from 'node:test'
import { ZooKeeperError } from '../src/index.ts'

it('says what is behind it, and whether it may have been carried out', () => {
  const cause = new Error('connect ECONNREFUSED 127.0.0.1:2181')
  const error = new ZooKeeperError('ConnectionLoss', { path: '/a', applied: 'unknown', cause })
  assert.equal(
    error.message,
    'ConnectionLoss: the connection was lost before the call on /a was answered. ' +
      'Why: connect ECONNREFUSED 127.0.0.1:2181. ' +
      'The server may have carried it out: read before you retry.',
  )
  assert.deepEqual([error.cause, error.retryable], [cause, true])
})

it('leaves a message of its own as it is', () => {
  const error = new ZooKeeperError('BadArguments', { message: 'no.', cause: new Error('why') })
  assert.equal(error.message, 'BadArguments: no.')
})
