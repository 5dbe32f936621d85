import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startInMemoryServer } from '../../src/index.ts'

const limits = { timeout: 20_000 }
const minuteMs = 60_000

test('a server without a socket serves the clients it hands out', limits, async () => {
  await using server = await startInMemoryServer()
  const [writer, reader] = [await server.client(), await server.client()]
  await writer.create('/shared', 'value')
  await reader.sync('/')
  assert.equal(await reader.get('/shared'), 'value')
})

test('no time passes but what the test lets pass', limits, async ({ mock }) => {
  mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'] })
  await using server = await startInMemoryServer()
  const zk = await server.client({ timeout: 100 })
  assert.equal(server.nowMs, 0)
  mock.timers.tick(60 * minuteMs)
  assert.deepEqual([server.nowMs, zk.state], [0, 'connected'])
  await zk.exists('/')
  await server.advance(40)
  assert.equal(server.nowMs, 40)
})

test(
  'a session whose client is cut off expires when its time has passed, and not before',
  limits,
  async () => {
    await using server = await startInMemoryServer()
    const [owner, witness] = [
      await server.client({ timeout: minuteMs }),
      await server.client({ timeout: minuteMs }),
    ]
    await owner.create('/member', '', { ephemeral: true })
    server.isolate(owner)
    await server.advance(minuteMs - 1_000)
    assert.notEqual(await witness.exists('/member'), null)
    await server.advance(2_000)
    assert.equal(await witness.exists('/member'), null)
  },
)

test('a session that pings lives on', limits, async () => {
  await using server = await startInMemoryServer()
  const zk = await server.client({ timeout: minuteMs })
  await zk.create('/member', '', { ephemeral: true })
  await server.advance(10 * minuteMs)
  assert.notEqual(await zk.exists('/member'), null)
})

test('a client notices by itself that its connection has fallen silent', limits, async () => {
  await using server = await startInMemoryServer()
  const zk = await server.client({ timeout: 30_000 })
  const states: string[] = []
  zk.on('state', ({ state }) => states.push(state))
  server.isolate(zk, { isSilent: true })
  await server.advance(15_000)
  assert.deepEqual(states, [])
  await server.advance(6_000)
  assert.deepEqual(states, ['disconnected'])
  server.heal()
  await server.advance(2_000)
  assert.equal(zk.state, 'connected')
})

test('a call ends at its deadline', limits, async () => {
  await using server = await startInMemoryServer()
  const zk = await server.client()
  server.pause()
  const refused = assert.rejects(zk.get('/', { deadlineMs: 5_000 }))
  await server.advance(5_000)
  await refused
})

test('a node with a time to live is gone when it has passed', limits, async () => {
  await using server = await startInMemoryServer()
  const zk = await server.client({ timeout: minuteMs })
  await zk.create('/short-lived', '', { ttl: 10_000 })
  await server.advance(5_000)
  assert.notEqual(await zk.exists('/short-lived'), null)
  await server.advance(2 * minuteMs)
  assert.equal(await zk.exists('/short-lived'), null)
})

test('a paused server expires nobody for what it could not hear', limits, async () => {
  await using server = await startInMemoryServer()
  const zk = await server.client({ timeout: 30_000 })
  await zk.create('/member', '', { ephemeral: true })
  server.pause()
  const answer = zk.exists('/member')
  await server.advance(15_000)
  server.resume()
  assert.notEqual(await answer, null)
})

test('a killed server comes back with what it acknowledged', limits, async () => {
  await using server = await startInMemoryServer()
  const zk = await server.client()
  await zk.create('/acknowledged', '')
  server.slowDisk(1_000)
  const lost = assert.rejects(zk.create('/lost', '', { resend: false }), { applied: 'no' })
  await server.advance(500)
  await server.kill()
  server.mendDisk()
  await server.restart()
  await server.advance(1_000)
  await lost
  assert.notEqual(await zk.exists('/acknowledged'), null)
  assert.equal(await zk.exists('/lost'), null)
})

test('a slow disk takes the time of the clock', limits, async () => {
  await using server = await startInMemoryServer()
  const zk = await server.client()
  server.slowDisk(1_000)
  let isCreated = false
  const created = zk.create('/slow', '').then(() => (isCreated = true))
  await server.advance(999)
  assert.equal(isCreated, false)
  await server.advance(1)
  await created
})

test('a server whose disk fails stops', limits, async () => {
  await using server = await startInMemoryServer()
  const zk = await server.client()
  server.failDisk()
  const refused = assert.rejects(zk.create('/refused', '', { deadlineMs: 1_000 }), {
    code: 'OperationTimeout',
  })
  await server.advance(1_000)
  await refused
  assert.equal(server.mode, undefined)
})

test('a session of an in-memory server expires at a word', limits, async () => {
  await using server = await startInMemoryServer()
  const [owner, witness] = [await server.client(), await server.client()]
  await owner.create('/member', '', { ephemeral: true })
  await server.expire(owner)
  assert.equal(await witness.exists('/member'), null)
})

test('time goes forward', limits, async () => {
  await using server = await startInMemoryServer()
  await assert.rejects(server.advance(-1), RangeError)
  await assert.rejects(server.advance(Number.NaN), RangeError)
  await assert.rejects(server.advance(Infinity), RangeError)
})
