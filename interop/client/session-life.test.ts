/** The life of our client's sessions on running servers: expiry and what comes after it, hand-over, thousands of watches. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import {
  SessionLoss,
  type SessionRenewal,
  type StateChange,
  ZooKeeper,
  type ZooKeeperError,
} from '@quorate/client'
import { Ensemble } from '../harness/ensemble.ts'
import type { ServerProcess } from '../harness/server-process.ts'
import { serversOfEitherKind } from '../harness/servers-under-test.ts'
import { TcpProxy } from '../harness/tcp-proxy.ts'

const timeout = 60_000

for (const underTest of serversOfEitherKind) {
  describe(`sessions of our client on ${underTest.name}`, { timeout: 180_000 }, () => {
    let server: ServerProcess
    let observer: ZooKeeper
    let count = 0
    let root = ''

    before(async () => {
      server = await underTest.start({ configuration: ['tickTime=500', 'maxClientCnxns=0'] })
      observer = new ZooKeeper(server.address)
    })
    after(async () => {
      await observer.close()
      await server.dispose()
    })
    beforeEach(async () => {
      root = `/test${++count}`
      await observer.create(root)
    })

    /** A stranger takes the session over and closes it. */
    async function end(zk: ZooKeeper): Promise<void> {
      const session = { id: zk.sessionId!, password: zk.sessionPassword! }
      const stranger = new ZooKeeper(server.address, { session })
      await stranger.exists('/').catch(() => {})
      await stranger.close()
    }

    test('come back with kept nodes, watches and streams', { timeout }, async () => {
      const zk = new ZooKeeper(server.address, { onExpired: 'renew' })
      await zk.create(`${root}/kept`, 'first', { ephemeral: true, keep: true })
      await zk.set(`${root}/kept`, 'second')
      await zk.create(`${root}/watched`, 'old')
      const changed = new Promise<string>((resolve) => {
        void zk.get(`${root}/watched`, { watch: ({ path }) => resolve(path) })
      })
      const stream = zk.watch(`${root}/watched`)
      await zk.sync()
      const renewed = new Promise<SessionRenewal>((resolve) => zk.on('renewed', resolve))
      const { sessionId } = zk
      await end(zk)
      await observer.set(`${root}/watched`, 'new')
      const { previousSessionId, unkept } = await renewed
      assert.deepEqual([previousSessionId, unkept], [sessionId, []])
      assert.equal(await changed, `${root}/watched`)
      const { value, stat } = await observer.getWithStat(`${root}/kept`)
      assert.deepEqual([value, stat.ephemeralOwner], ['second', zk.sessionId])
      assert.notEqual(zk.sessionId, sessionId)
      for await (const { type } of stream) if (type === 'gap') break
      await zk.close()
    })

    test('that were lost while nobody was heard say so', { timeout }, async () => {
      const proxy = await TcpProxy.start(server.port)
      const zk = new ZooKeeper(proxy.address, { timeout: 1000 })
      await zk.create(`${root}/e`, '', { ephemeral: true })
      proxy.close()
      await assert.rejects(zk.get(root), (error: ZooKeeperError) => {
        assert.equal(error.code, 'SessionExpired')
        assert.ok(error.cause instanceof SessionLoss)
        assert.equal(error.cause.reason, 'silence')
        assert.ok(error.cause.silentMs >= 1333)
        return true
      })
    })

    test('are handed over with their ephemeral nodes', { timeout }, async () => {
      const first = new ZooKeeper(server.address)
      await first.create(`${root}/e`, '', { ephemeral: true })
      const session = await first.handOver()
      assert.equal(first.state, 'closed')
      const second = new ZooKeeper(server.address, { session })
      assert.deepEqual(await second.ephemerals(), [`${root}/e`])
      assert.equal(second.sessionId, session.id)
      await second.close()
      assert.equal(await observer.exists(`${root}/e`), null)
      const late = new ZooKeeper(server.address, { session })
      await assert.rejects(late.get(root), (error: ZooKeeperError) => {
        assert.equal((error.cause as SessionLoss).reason, 'unknownToServer')
        return true
      })
    })

    test('set thousands of watches again, and hear what they missed', { timeout }, async () => {
      const proxy = await TcpProxy.start(server.port)
      const zk = new ZooKeeper(proxy.address)
      const paths = Array.from(
        { length: 3_000 },
        (_, i) => `${root}/${'long-name-'.repeat(22)}${i}`,
      )
      await Promise.all(paths.map((path) => observer.create(path)))
      const told: string[] = []
      await Promise.all(
        paths.map((path) => zk.get(path, { watch: ({ path: changed }) => told.push(changed) })),
      )
      const changed = paths.filter((_, i) => i % 300 === 7)
      proxy.cut()
      await Promise.all(changed.map((path) => observer.set(path, 'new')))
      await zk.sync()
      await zk.get(root)
      assert.deepEqual(told.toSorted(), changed.toSorted())
      await observer.set(paths[0]!, 'new')
      await observer.set(changed[0]!, 'newer')
      await zk.sync()
      assert.deepEqual(told.slice(changed.length), [paths[0]])
      await zk.close()
      proxy.close()
    })
  })

  const kind = underTest.name === 'Quorate' ? 'quorate' : 'apache'

  test(
    `our client follows the configuration of an ensemble of ${underTest.name}`,
    {
      timeout: 120_000,
    },
    async () => {
      const ensemble = await Ensemble.start({
        voters: [kind, kind, kind],
        configuration: ['reconfigEnabled=true'],
        properties: { 'zookeeper.skipACL': 'yes' },
      })
      // The highest id leads, and another one is to leave.
      const operator = new ZooKeeper(ensemble.member(3).address)
      const leaver = ensemble.member(1)
      const zk = new ZooKeeper(leaver.address, { followConfig: true })
      try {
        await zk.create('/e', 'value', { ephemeral: true })
        const moved = stateOf(zk, ({ state, server }) => {
          return state === 'connected' && server?.port !== leaver.port
        })
        const { sessionId } = zk
        await operator.reconfig({ leaving: '1' })
        await moved
        assert.equal(zk.sessionId, sessionId)
        assert.equal((await operator.exists('/e'))?.ephemeralOwner, sessionId)
      } finally {
        await Promise.all([zk, operator].map((client) => client.close({ deadlineMs: 1000 })))
        await ensemble.dispose()
      }
    },
  )
}

/** Resolves at the next change of state that is like this. */
function stateOf(zk: ZooKeeper, isLike: (change: StateChange) => boolean): Promise<void> {
  return new Promise((resolve) => {
    const stop = zk.on('state', (change) => {
      if (!isLike(change)) return
      stop()
      resolve()
    })
  })
}
