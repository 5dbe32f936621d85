/** Our own client against a running server. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { creatorAcl, Perms, ZooKeeper } from '@quorate/client'
import type { ServerProcess } from '../harness/server-process.ts'
import { serversOfEitherKind } from '../harness/servers-under-test.ts'
import { TcpProxy } from '../harness/tcp-proxy.ts'

const timeout = 30_000

for (const underTest of serversOfEitherKind)
  describe(`our client against ${underTest.name}`, { timeout: 120_000 }, () => {
    let server: ServerProcess
    let zk: ZooKeeper
    let count = 0
    let root = ''

    before(async () => {
      const properties = { 'zookeeper.extendedTypesEnabled': 'true' }
      server = await underTest.start({ properties, configuration: ['tickTime=500'] })
      zk = new ZooKeeper(server.address)
    })
    after(async () => {
      await zk.close()
      await server.dispose()
    })
    beforeEach(async () => {
      root = `/test${++count}`
      await zk.create(root, 'root')
    })

    test('creates, changes, reads and deletes', { timeout }, async () => {
      assert.equal(await zk.create(`${root}/a`, 'initial_value', { ephemeral: true }), `${root}/a`)
      assert.equal((await zk.set(`${root}/a`, 'new_value')).version, 1)
      const { value, stat } = await zk.getWithStat(`${root}/a`)
      assert.deepEqual([value, stat.ephemeralOwner], ['new_value', zk.sessionId])
      assert.deepEqual(await zk.ephemerals(root), [`${root}/a`])
      assert.deepEqual(await zk.children(root), ['a'])
      await assert.rejects(zk.delete(`${root}/a`, { version: 7 }), { code: 'BadVersion' })
      await zk.delete(`${root}/a`)
      assert.equal(await zk.exists(`${root}/a`), null)
      await zk.sync(root)
    })

    test('creates every kind of node', { timeout }, async () => {
      const name = await zk.create(`${root}/s-`, '', { sequential: true })
      assert.match(name, /s-0000000000$/)
      await zk.create(`${root}/container`, '', { container: true })
      await zk.create(`${root}/ttl`, '', { ttl: 60_000 })
      const { stat } = await zk.createWithStat(`${root}/plain`, 'xyz')
      assert.equal(stat.dataLength, 3)
      assert.equal(await zk.allChildrenNumber(root), 4)
    })

    test('changes several nodes together or none', { timeout }, async () => {
      const [path, stat] = await zk.transaction().create(`${root}/a`).set(root, 'x').commit()
      assert.deepEqual([path, stat.version], [`${root}/a`, 1])
      const failing = zk.transaction().delete(`${root}/a`).check(root, 0).set(root, 'y')
      await assert.rejects(failing.commit(), { code: 'BadVersion', index: 1, path: root })
      assert.equal(await zk.get(root), 'x')
      const [first, second] = await zk.multiRead([{ children: root }, { get: `${root}/none` }])
      assert.deepEqual(first.error === undefined && first.children, ['a'])
      assert.equal(second.error?.code, 'NoNode')
    })

    test('deletes what is below a node', { timeout }, async () => {
      const names = Array.from({ length: 300 }, (_, i) => `${root}/${i % 10}`)
      await Promise.all([...new Set(names)].map((path) => zk.create(path)))
      await Promise.all(names.map((path, i) => zk.create(`${path}/${i}`)))
      assert.equal((await zk.subtree(root)).length, 311)
      await zk.delete(root, { recursive: true, batchSize: 50 })
      assert.equal(await zk.exists(root), null)
    })

    test('updates a node that others update', { timeout }, async () => {
      const integer = { parse: (value: unknown) => Number(value) }
      await using other = new ZooKeeper(server.address)
      const clients = Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? zk : other))
      const options = { codec: integer, create: true, triesMax: 100 } as const
      await Promise.all(
        clients.map((client) => client.update(`${root}/n`, (value) => (value ?? 0) + 1, options)),
      )
      assert.equal(await zk.get(`${root}/n`, { codec: integer }), 20)
    })

    test('creates the parents that are missing', { timeout }, async () => {
      const made = await zk.create(`${root}/a/b/c`, 'x', { createParents: true, ephemeral: true })
      assert.equal(made, `${root}/a/b/c`)
      assert.deepEqual(await zk.subtree(root), [root, `${root}/a`, `${root}/a/b`, made])
      await using inside = new ZooKeeper(`${server.address}${root}/new/root`)
      await inside.create('/k', '', { createParents: true })
      assert.equal(await zk.get(`${root}/new/root/k`), '')
    })

    test('finds a protected node when the answer was lost', { timeout }, async () => {
      const proxy = await TcpProxy.start(server.port)
      await using cut = new ZooKeeper(proxy.address)
      await cut.exists(root)
      proxy.swallowAnswers()
      const options = { protected: true, ephemeral: true, sequential: true } as const
      const made = cut.create(`${root}/lock-`, '', options)
      while ((await zk.children(root)).length === 0) await zk.sync(root)
      proxy.cut()
      const path = await made
      assert.match(path, /_c_[\da-f-]{36}-lock-0000000000$/)
      assert.deepEqual(await zk.children(root), [path.slice(root.length + 1)])
      proxy.close()
    })

    test('reads children with their values', { timeout }, async () => {
      const names = Array.from({ length: 1200 }, (_, i) => `${i}`.padStart(4, '0'))
      await Promise.all(names.map((name) => zk.create(`${root}/${name}`, `value ${name}`)))
      const children = await zk.childrenWithValues(root)
      assert.deepEqual(
        children.map(({ name, value }) => [name, value]),
        names.map((name) => [name, `value ${name}`]),
      )
    })

    test('reads linearizably what another has just written', { timeout }, async () => {
      await using other = new ZooKeeper(server.address)
      for (let i = 0; i < 20; i++) {
        await other.set(root, `${i}`)
        assert.equal(await zk.get(root, { read: 'linearizable' }), `${i}`)
      }
      assert.equal(await zk.exists(`${root}/none`, { read: 'linearizable' }), null)
      assert.deepEqual(await zk.children(root, { read: 'linearizable' }), [])
      assert.deepEqual(await zk.childrenWithValues(root, { read: 'linearizable' }), [])
    })

    test('is told of changes before it reads them', { timeout }, async () => {
      const seen: string[] = []
      await zk.get(root, { watch: ({ type }) => seen.push(type) })
      await zk.set(root, 'x')
      assert.deepEqual(seen, ['nodeDataChanged'])
    })

    test('streams the changes of a subtree', { timeout }, async () => {
      const changes = zk.watch(root, { recursive: true })
      await zk.create(`${root}/a`)
      await zk.set(`${root}/a`, 'x')
      await zk.delete(`${root}/a`)
      const seen: unknown[] = []
      for await (const { type, path } of changes) {
        seen.push([type, path])
        if (seen.length === 3) break
      }
      assert.deepEqual(seen, [
        ['nodeCreated', `${root}/a`],
        ['nodeDataChanged', `${root}/a`],
        ['nodeDeleted', `${root}/a`],
      ])
    })

    test('authenticates, and is refused what is not its own', { timeout }, async () => {
      await using owner = new ZooKeeper(server.address)
      await owner.addAuth('digest', 'bob:secret')
      await owner.create(`${root}/own`, 'x', { acl: creatorAcl })
      const { acl } = await owner.getAcl(`${root}/own`)
      assert.deepEqual(acl, [
        { perms: Perms.all, id: { scheme: 'digest', id: 'bob:fyVmFCwVbTJYrznoSu1koqYEYF0=' } },
      ])
      assert.ok((await owner.whoAmI()).some(({ user }) => user === 'bob'))
      await assert.rejects(zk.get(`${root}/own`), { code: 'NoAuth', path: `${root}/own` })
      await assert.rejects(zk.addAuth('nonsense', 'x'), { code: 'AuthFailed' })
    })

    test('sees its chroot as the root', { timeout }, async () => {
      await using inside = new ZooKeeper(`${server.address}${root}`, { codec: 'json' })
      await inside.create('/a', { k: [1] })
      assert.deepEqual(await inside.get('/a'), { k: [1] })
      assert.deepEqual(await zk.children(root), ['a'])
    })

    test('hands a session over with its ephemeral nodes', { timeout }, async () => {
      const first = new ZooKeeper(server.address)
      await first.create(`${root}/e`, '', { ephemeral: true })
      const session = { id: first.sessionId!, password: first.sessionPassword! }
      await using second = new ZooKeeper(server.address, { session })
      assert.deepEqual(await second.ephemerals(), [`${root}/e`])
      assert.equal(second.sessionId, first.sessionId)
      await second.close()
      assert.equal(await zk.exists(`${root}/e`), null)
      await assert.rejects(first.get(root), { code: 'SessionExpired' })
    })

    test('keeps session, watches and reads over a lost connection', { timeout }, async () => {
      const proxy = await TcpProxy.start(server.port)
      await using moved = new ZooKeeper(proxy.address)
      const changes: string[] = []
      await moved.create(`${root}/e`, '', { ephemeral: true })
      await moved.get(root, { watch: ({ type }) => changes.push(type) })
      const { sessionId } = moved
      proxy.cut()
      const value = moved.get(root)
      await zk.set(root, 'changed meanwhile')
      assert.match(await value, /root|changed meanwhile/)
      assert.equal(moved.sessionId, sessionId)
      await moved.sync()
      assert.equal(await moved.get(root), 'changed meanwhile')
      assert.deepEqual(changes, ['nodeDataChanged'])
      proxy.close()
    })

    test('is told when the session is gone', { timeout }, async () => {
      const proxy = await TcpProxy.start(server.port)
      const lost = new ZooKeeper(proxy.address, { timeout: 1000 })
      await lost.create(`${root}/e`, '', { ephemeral: true })
      proxy.close()
      await assert.rejects(lost.get(root), { code: 'SessionExpired' })
      assert.equal(lost.state, 'expired')
    })
  })
