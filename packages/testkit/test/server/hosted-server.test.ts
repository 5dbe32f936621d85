import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { startServer, type TestServer } from '../../src/index.ts'

const limits = { timeout: 20_000 }

test(
  'a restarted server has its port and its data again, and its clients their sessions',
  limits,
  async () => {
    await using server = await startServer()
    const zk = await server.client()
    await zk.create('/kept', 'yes')
    const before = { connectString: server.connectString, sessionId: zk.sessionId }
    await server.restart()
    assert.equal(await zk.get('/kept'), 'yes')
    assert.deepEqual({ connectString: server.connectString, sessionId: zk.sessionId }, before)
  },
)

test(
  'a killed server takes no connections, and comes back with what it acknowledged',
  limits,
  async () => {
    await using server = await startServer()
    const zk = await server.client()
    await zk.create('/acknowledged', 'yes')
    await server.kill()
    assert.deepEqual([server.isRunning, server.mode], [false, undefined])
    assert.equal(await takesConnections(server), false)
    await server.restart()
    assert.deepEqual([server.isRunning, server.mode], [true, 'standalone'])
    assert.equal(await zk.get('/acknowledged'), 'yes')
  },
)

test(
  'what was not synced is not acknowledged, and lost when the server is killed',
  limits,
  async () => {
    await using server = await startServer()
    const zk = await server.client()
    server.slowDisk(60_000)
    const lost = assert.rejects(zk.create('/lost', '', { resend: false }), { applied: 'no' })
    await server.kill()
    server.mendDisk()
    await server.restart()
    await lost
    assert.equal(await zk.exists('/lost'), null)
  },
)

test('a stopped server finishes what is under way', limits, async () => {
  await using server = await startServer()
  const zk = await server.client()
  await zk.create('/before', '')
  await server.stop()
  await server.stop()
  assert.equal(server.isRunning, false)
  await server.restart()
  assert.notEqual(await zk.exists('/before'), null)
})

test('every write takes as long as the slow disk, until it is mended', limits, async () => {
  await using server = await startServer()
  const zk = await server.client()
  server.slowDisk(100)
  const startedAtMs = performance.now()
  await zk.create('/slow', '')
  assert.ok(performance.now() - startedAtMs >= 99)
  server.mendDisk()
  await zk.create('/fast', '')
})

test(
  'a server whose disk fails stops, and has after its restart what it had acknowledged',
  limits,
  async () => {
    await using server = await startServer()
    const zk = await server.client()
    await zk.create('/kept', '')
    server.failDisk()
    const refused = assert.rejects(zk.create('/refused', '', { resend: false }), { applied: 'no' })
    while (server.mode !== undefined) await setImmediate()
    server.mendDisk()
    await server.restart()
    await refused
    assert.notEqual(await zk.exists('/kept'), null)
    assert.equal(await zk.exists('/refused'), null)
  },
)

test('a server alone whose disk is full serves reads until there is room', limits, async () => {
  await using server = await startServer()
  const zk = await server.client()
  await zk.create('/kept', 'yes')
  await zk.create('/mine', '', { ephemeral: true })
  const { sessionId } = zk
  server.failDisk('ENOSPC')
  await assert.rejects(zk.create('/refused', ''), { code: 'NotReadOnly' })
  assert.equal(server.mode, 'read-only')
  assert.equal(await zk.get('/kept'), 'yes')
  const other = await server.client()
  assert.equal(await other.get('/kept'), 'yes')
  await other.close()
  server.mendDisk()
  while (!takesWrites(server)) await setImmediate()
  await zk.create('/taken', '')
  assert.equal(zk.sessionId, sessionId)
  assert.equal(await zk.exists('/refused'), null)
  assert.notEqual(await zk.exists('/mine'), null)
})

test('starts and ends that are asked for together follow each other', limits, async () => {
  await using server = await startServer()
  await Promise.all([server.kill(), server.restart(), server.stop(), server.restart()])
  assert.equal(server.mode, 'standalone')
})

function takesWrites({ mode }: TestServer): boolean {
  return mode === 'standalone'
}

function takesConnections({ port }: TestServer): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}
