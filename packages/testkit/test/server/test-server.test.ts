import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ZooKeeper } from '@quorate/client'
import { startServer, type AnyZooKeeper } from '../../src/index.ts'

const limits = { timeout: 20_000 }

test('a started server serves the client it hands out', limits, async () => {
  await using server = await startServer()
  const zk = await server.client()
  await zk.create('/greeting', 'hello')
  assert.equal(await zk.get('/greeting'), 'hello')
})

test('a server takes clients of other making at its connect string', limits, async () => {
  await using server = await startServer()
  await using zk = new ZooKeeper(server.connectString)
  assert.deepEqual([...(await zk.children('/'))], ['zookeeper'])
})

test(
  'its clients are closed with the server, and so are those that closed before',
  limits,
  async () => {
    const server = await startServer()
    const [early, late] = [await server.client(), await server.client()]
    await early.close()
    await server.close()
    assert.deepEqual([early.state, late.state], ['closed', 'closed'])
  },
)

test('two servers know nothing of each other', limits, async () => {
  await using one = await startServer()
  await using other = await startServer()
  await (await one.client()).create('/only-here', '')
  assert.equal(await (await other.client()).exists('/only-here'), null)
})

test('a client has the codec that it was asked for', limits, async () => {
  await using server = await startServer()
  const zk = await server.client({ codec: 'json' })
  await zk.create('/settings', { retries: 3 })
  assert.deepEqual(await zk.get('/settings'), { retries: 3 })
})

test('settings are lines of zoo.cfg', limits, async () => {
  await using server = await startServer({ settings: { 'jute.maxbuffer': 1_024 } })
  const zk = await server.client()
  const small = zk.create('/small', '')
  await assert.rejects(zk.create('/large', 'x'.repeat(2_000)), {
    code: 'ConnectionLoss',
    applied: 'no',
  })
  assert.equal(await small, '/small')
})

test('a setting that no server would take is refused', limits, async () => {
  await assert.rejects(startServer({ settings: { tickTime: 'soon' } }), {
    code: 'CONFIG_VALUE_INVALID',
  })
})

test(
  'an expired session has lost its ephemeral nodes, and its owner hears of it',
  limits,
  async () => {
    await using server = await startServer()
    const [owner, witness] = [await server.client(), await server.client()]
    await owner.create('/member', '', { ephemeral: true })
    const expired = stateOf(owner, 'expired')
    await server.expire(owner)
    assert.equal(await witness.exists('/member'), null)
    await expired
  },
)

test('a session expires by its id as well', limits, async () => {
  await using server = await startServer()
  await using owner = new ZooKeeper(server.connectString)
  await owner.create('/member', '', { ephemeral: true })
  await server.expire({ id: owner.sessionId!, password: owner.sessionPassword! })
  const witness = await server.client()
  assert.equal(await witness.exists('/member'), null)
})

test('a client without a session cannot expire', limits, async () => {
  await using server = await startServer()
  await using owner = new ZooKeeper(server.connectString)
  await assert.rejects(server.expire(owner), /has not connected yet/)
})

test('a client whose connection is cut keeps its session', limits, async () => {
  await using server = await startServer()
  const zk = await server.client()
  const before = zk.sessionId
  const lost = stateOf(zk, 'disconnected')
  server.cutConnections(zk)
  await lost
  await zk.create('/still-here', '')
  assert.equal(zk.sessionId, before)
})

test('only the connections of the client that is named are cut', limits, async () => {
  await using server = await startServer()
  const [one, other] = [await server.client(), await server.client()]
  const states: string[] = []
  other.on('state', ({ state }) => states.push(state))
  server.cutConnections(one)
  await other.exists('/')
  assert.deepEqual(states, [])
})

test('a client that is not of the kit cannot be cut', limits, async () => {
  await using server = await startServer()
  await using stranger = new ZooKeeper(server.connectString)
  assert.throws(() => server.cutConnections(stranger), /nothing can be done to this client/)
})

function stateOf(zk: AnyZooKeeper & Pick<ZooKeeper, 'on'>, wanted: string): Promise<void> {
  return new Promise((resolve) => {
    const forget = zk.on('state', ({ state }) => {
      if (state !== wanted) return
      forget()
      resolve()
    })
  })
}

test(
  'an isolated client loses its connection, and connects again when it is healed',
  limits,
  async () => {
    await using server = await startServer()
    const zk = await server.client()
    const lost = stateOf(zk, 'disconnected')
    server.isolate(zk)
    await lost
    server.heal()
    await zk.create('/back', '')
  },
)

test(
  'a client that stood still too long has lost its session without having noticed',
  limits,
  async () => {
    await using server = await startServer()
    const [owner, witness] = [await server.client({ timeout: 300 }), await server.client()]
    await owner.create('/member', '', { ephemeral: true })
    server.pauseClient(owner)
    while ((await witness.exists('/member')) !== null)
      await new Promise((resolve) => setTimeout(resolve, 20))
    assert.equal(owner.state, 'connected')
    const expired = stateOf(owner, 'expired')
    server.resumeClient(owner)
    await expired
  },
)

test(
  'a client that stands still answers no call, and answers all of them afterwards',
  limits,
  async () => {
    await using server = await startServer()
    const zk = await server.client()
    server.pauseClient(zk)
    let isCreated = false
    const created = zk.create('/late', '').then(() => (isCreated = true))
    await (await server.client()).create('/meanwhile', '')
    assert.equal(isCreated, false)
    server.resumeClient(zk)
    await created
  },
)

test('no client is handed out by a server that does not run', limits, async () => {
  await using server = await startServer()
  await server.kill()
  await assert.rejects(server.client({ timeout: 300 }), { code: 'ConnectionLoss' })
})
