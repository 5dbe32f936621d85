import { afterAll, beforeAll, expect, test } from 'vitest'
import { ZooKeeper } from '@quorate/client'
import { Mutex } from '@quorate/recipes'
import { startEnsemble, startInMemoryServer, startServer } from '@quorate/testkit'

let shared
beforeAll(async () => {
  shared = await startServer()
})
afterAll(() => shared.close())

test('a member is gone when its session expires', async () => {
  await using server = await startServer()
  const zk = await server.client()
  await zk.create('/member', 'me', { ephemeral: true })
  await server.expire(zk)
  const witness = await server.client()
  expect(await witness.exists('/member')).toBeNull()
})

test('what was acknowledged outlives a server that is killed', async () => {
  await using server = await startServer()
  const zk = await server.client()
  await zk.create('/acknowledged', '')
  await server.kill()
  await server.restart()
  expect(await zk.exists('/acknowledged')).toMatchObject({ version: 0 })
})

test('an order outlives the leader', async () => {
  await using ensemble = await startEnsemble(3)
  const zk = await ensemble.client()
  await zk.create('/order', 'one coffee')
  const leader = await ensemble.leader()
  await leader.kill()
  expect(await ensemble.leader()).not.toBe(leader)
  expect(await zk.get('/order')).toBe('one coffee')
  await leader.restart()
  await ensemble.settled()
  expect(leader.mode).toBe('follower')
})

test('forty seconds pass at once', async () => {
  await using server = await startInMemoryServer()
  const zk = await server.client({ timeout: 30_000 })
  await zk.create('/member', 'me', { ephemeral: true })
  server.isolate(zk)
  await server.advance(40_000)
  const witness = await server.client()
  expect(await witness.exists('/member')).toBeNull()
})

test('bytes, errors and locks are those of any program', async () => {
  await using zk = new ZooKeeper(shared.connectString, { codec: 'bytes' })
  await zk.create('/bytes', new Uint8Array([1, 2, 3]))
  expect([...(await zk.get('/bytes'))]).toEqual([1, 2, 3])
  await expect(zk.get('/nothing')).rejects.toThrow('NoNode')
  const isHeld = await new Mutex(zk, '/lock').run((lock) => lock.isHeld)
  expect(isHeld).toBe(true)
})
