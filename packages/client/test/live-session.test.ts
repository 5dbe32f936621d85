/** The life of a session on a real server in this process. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { after, before, beforeEach, describe, it } from 'node:test'
import { startServer, type TestServer } from '@quorate/testkit'
import {
  SessionLoss,
  type SessionRenewal,
  ZooKeeper,
  type ZooKeeperError,
} from '../src/node/index.ts'

const timeout = 30_000

let server: TestServer
let observer: ZooKeeper
let root = ''
let count = 0

before(async () => {
  server = await startServer()
  observer = new ZooKeeper(server.connectString)
})
after(async () => {
  await observer.close()
  await server.close()
})
beforeEach(async () => {
  root = `/test${++count}`
  await observer.create(root)
})

describe('a session that expires', { timeout }, () => {
  it('comes back with its kept nodes, its watches and its stream', async () => {
    await using zk = new ZooKeeper(server.connectString, { onExpired: 'renew' })
    await zk.create(`${root}/kept`, 'first', { ephemeral: true, keep: true })
    await zk.create(`${root}/lost`, '', { ephemeral: true })
    await zk.set(`${root}/kept`, 'second')
    await zk.create(`${root}/watched`, 'old')
    const changed = new Promise<string>((resolve) => {
      void zk.get(`${root}/watched`, { watch: ({ path }) => resolve(path) })
    })
    const stream = zk.watch(root, { recursive: true })
    await zk.sync()
    const { sessionId } = zk
    const renewed = new Promise<SessionRenewal>((resolve) => zk.on('renewed', resolve))

    await server.expire(zk)
    await observer.set(`${root}/watched`, 'new')
    const { previousSessionId, cause, unkept } = await renewed
    assert.deepEqual([previousSessionId, unkept], [sessionId, []])
    assert.equal((cause as SessionLoss).reason, 'closedElsewhere')
    assert.equal(await changed, `${root}/watched`)
    const { value, stat } = await observer.getWithStat(`${root}/kept`)
    assert.deepEqual([value, stat.ephemeralOwner], ['second', zk.sessionId])
    assert.equal(await observer.exists(`${root}/lost`), null)

    await observer.create(`${root}/after`)
    const seen: string[] = []
    for await (const { type, path } of stream) {
      seen.push(type)
      if (path === `${root}/after`) break
    }
    assert.ok(seen.includes('gap'))
  })

  for (const onExpired of ['end', 'renew'] as const)
    it(`leaves no write in doubt that it had not answered, and then comes its ${onExpired}`, async () => {
      const proxy = await Proxy.start(server.port)
      const zk = new ZooKeeper(proxy.address, { onExpired })
      await zk.create(`${root}/a`, 'old')
      proxy.keepFromClient()
      const last = await observer.existsAndWatch(`${root}/last`)
      const set = zk.set(`${root}/a`, 'new')
      const created = zk.create(`${root}/s-`, '', { sequential: true })
      const refused = assert.rejects(zk.delete(`${root}/none`), { code: 'NoNode', applied: 'no' })
      const gone = assert.rejects(zk.create(`${root}/last`, '', { ephemeral: true }), {
        code: 'SessionExpired',
        applied: 'no',
      })
      await last.changed
      proxy.keepFromServer()
      const never = assert.rejects(zk.create(`${root}/never`), {
        code: 'SessionExpired',
        applied: 'no',
      })
      // The request goes out when this turn is over, and gets lost.
      await new Promise<void>((resolve) => zk.world.clock.afterTurn(resolve))
      await server.expire(zk)
      assert.equal((await set).version, 1)
      assert.equal(await created, `${root}/s-0000000001`)
      await Promise.all([refused, gone, never])
      assert.equal(await observer.exists(`${root}/never`), null)
      await zk.close()
      proxy.close()
    })

  it('says why to the calls that are made later', async () => {
    const zk = new ZooKeeper(server.connectString)
    await zk.get(root)
    await server.expire(zk)
    await assert.rejects(zk.get(root), (error: ZooKeeperError) => {
      assert.equal(error.code, 'SessionExpired')
      assert.ok(error.cause instanceof SessionLoss)
      return true
    })
  })

  it('is rebuilt by the function of its owner, also several times', async () => {
    const members: string[] = []
    const zk = new ZooKeeper(server.connectString, {
      onExpired: async (client) => {
        members.push(await client.create(`${root}/m-`, '', { ephemeral: true, sequential: true }))
      },
    })
    await zk.get(root)
    for (let i = 1; i <= 3; i++) {
      const renewed = new Promise((resolve) => zk.on('renewed', resolve))
      await server.expire(zk)
      await renewed
      assert.equal(members.length, i)
      assert.equal((await observer.children(root)).length, 1)
    }
    await zk.close()
    assert.deepEqual(await observer.children(root), [])
  })
})

describe('a session that is handed over', { timeout }, () => {
  it('keeps its ephemeral nodes, and the one who gave it is closed', async () => {
    const first = new ZooKeeper(server.connectString)
    await first.create(`${root}/e`, '', { ephemeral: true })
    const { sessionId } = first
    const session = await first.handOver()
    await using second = new ZooKeeper(server.connectString, { session })
    assert.deepEqual(await second.ephemerals(), [`${root}/e`])
    assert.equal(second.sessionId, sessionId)
    await assert.rejects(first.get(root), { code: 'Closed' })
    assert.equal(first.state, 'closed')
    await second.close()
    assert.equal(await observer.exists(`${root}/e`), null)
  })

  it('is not to be had with another password', async () => {
    const zk = new ZooKeeper(server.connectString)
    await zk.get(root)
    const { id } = await zk.handOver()
    const thief = new ZooKeeper(server.connectString, {
      session: { id, password: new Uint8Array(16).fill(1) },
    })
    await assert.rejects(thief.get(root), (error: ZooKeeperError) => {
      assert.equal(error.code, 'SessionExpired')
      assert.equal((error.cause as SessionLoss).reason, 'unknownToServer')
      return true
    })
  })
})

describe('many watches', { timeout }, () => {
  it('are set again in requests that the server takes, and tell what was missed and no more', async () => {
    const proxy = await Proxy.start(server.port)
    const zk = new ZooKeeper(proxy.address)
    const names = Array.from({ length: 5_000 }, (_, i) => `${'long-name-'.repeat(22)}${i}`)
    await Promise.all(names.map((name) => observer.create(`${root}/${name}`)))
    const told: string[] = []
    await Promise.all(
      names.map((name) =>
        zk.get(`${root}/${name}`, { watch: ({ type, path }) => told.push(`${type} ${path}`) }),
      ),
    )
    await zk.children(root, { watch: ({ type, path }) => told.push(`${type} ${path}`) })
    await zk.exists(`${root}/none`, { watch: ({ type, path }) => told.push(`${type} ${path}`) })

    const changed = names.filter((_, i) => i % 500 === 7)
    proxy.cut()
    await Promise.all(changed.map((name) => observer.set(`${root}/${name}`, 'new')))
    await observer.create(`${root}/none`)
    await zk.sync()
    await zk.get(root)
    const expected = [
      ...changed.map((name) => `nodeDataChanged ${root}/${name}`),
      `nodeChildrenChanged ${root}`,
      `nodeCreated ${root}/none`,
    ]
    assert.deepEqual(told.toSorted(), expected.toSorted())

    // The others are still there, and the ones that were told are not.
    await observer.set(`${root}/${names[0]}`, 'new')
    await observer.set(`${root}/${changed[0]}`, 'newer')
    await zk.sync()
    assert.deepEqual(told.slice(expected.length), [`nodeDataChanged ${root}/${names[0]}`])
    await zk.close()
    proxy.close()
  })
})

/** A way to the server that can be cut. */
class Proxy {
  readonly #listening: Server
  readonly #sockets = new Set<Socket>()
  readonly #joined: { readonly near: Socket; readonly far: Socket }[] = []

  private constructor(listening: Server) {
    this.#listening = listening
  }

  static async start(port: number): Promise<Proxy> {
    const listening = createServer()
    const proxy = new Proxy(listening)
    listening.on('connection', (near) => proxy.#join(near, connect(port, '127.0.0.1')))
    listening.listen(0, '127.0.0.1')
    await once(listening, 'listening')
    return proxy
  }

  get address(): string {
    return `127.0.0.1:${(this.#listening.address() as AddressInfo).port}`
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy()
    this.#sockets.clear()
  }

  /** What the server says on the present connections gets lost. */
  keepFromClient(): void {
    for (const { far, near } of this.#joined) far.unpipe(near).resume()
  }

  keepFromServer(): void {
    for (const { far, near } of this.#joined) near.unpipe(far).resume()
  }

  close(): void {
    this.#listening.close()
    this.cut()
  }

  #join(near: Socket, far: Socket): void {
    this.#joined.push({ near, far })
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(from)
      from.pipe(to)
      from.on('error', () => {})
      from.on('close', () => to.destroy())
    }
  }
}
