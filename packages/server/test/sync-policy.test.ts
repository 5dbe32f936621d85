import assert from 'node:assert/strict'
import { it } from 'node:test'
import { SyncPolicy } from '../src/sync-policy.ts'

it('syncs block the loop only with few connections and a quick disk', () => {
  let connections = 1
  const policy = new SyncPolicy(() => connections)
  assert.equal(policy.choose(), 'blocking')
  connections = 50
  assert.equal(policy.choose(), 'threaded')
  connections = 1
  policy.recordSync(20)
  assert.equal(policy.choose(), 'threaded')
  policy.recordSync(0.3)
  assert.equal(policy.choose(), 'blocking')
})
