import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startEnsemble, startServer } from '@quorate/testkit'

test('a wrong expectation, with servers and clients at work', async () => {
  await using server = await startServer()
  await using ensemble = await startEnsemble(3)
  const zk = await ensemble.client()
  await zk.create('/color', 'blue')
  const leader = await ensemble.leader()
  await leader.kill()
  const cutOff = await server.client()
  server.isolate(cutOff)
  assert.equal(await zk.get('/color'), 'green')
})

test('the next test has a server of its own', async () => {
  await using server = await startServer()
  const zk = await server.client()
  assert.equal(await zk.exists('/color'), null)
})
