/** node-zookeeper-client, a JavaScript client of others. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { type Client, CreateMode, createClient, Event, Exception } from 'node-zookeeper-client'
import type { ServerProcess } from '../harness/server-process.ts'
import { serversUnderTest } from '../harness/servers-under-test.ts'

const timeout = 20_000

function connected(server: ServerProcess): Promise<Client> {
  const client = createClient(server.address, { sessionTimeout: 10_000 })
  return new Promise((resolve) => {
    client.once('connected', () => resolve(client))
    client.connect()
  })
}

for (const underTest of serversUnderTest)
  describe(`node-zookeeper-client against ${underTest.name}`, { timeout: 60_000 }, () => {
    let server: ServerProcess
    let client: Client
    let count = 0
    let root = ''
    before(async () => {
      server = await underTest.start()
      client = await connected(server)
    })
    after(async () => {
      client.close()
      await server.dispose()
    })
    beforeEach(async () => {
      root = `/test${++count}`
      await create(root, 'root')
    })

    function create(path: string, data: string, mode = CreateMode.PERSISTENT): Promise<string> {
      return promisify<string, Buffer, number, string>(client.create.bind(client))(
        path,
        Buffer.from(data),
        mode,
      )
    }

    test('reads what it wrote, and is told of a wrong version', { timeout }, async () => {
      const setData = promisify(client.setData.bind(client))
      await setData(root, Buffer.from('new'), 0)
      const data = await new Promise<Buffer>((resolve, reject) =>
        client.getData(
          root,
          () => {},
          (error, bytes) => (error === null ? resolve(bytes) : reject(error)),
        ),
      )
      assert.equal(data.toString(), 'new')
      await assert.rejects(setData(root, Buffer.from('newer'), 7), { code: Exception.BAD_VERSION })
    })

    test('numbers sequential nodes', { timeout }, async () => {
      const first = await create(`${root}/n-`, '', CreateMode.PERSISTENT_SEQUENTIAL)
      const second = await create(`${root}/n-`, '', CreateMode.PERSISTENT_SEQUENTIAL)
      assert.deepEqual([first, second], [`${root}/n-0000000000`, `${root}/n-0000000001`])
    })

    test('gets data and child watches', { timeout }, async () => {
      const events: number[] = []
      const both = new Promise<void>((resolve, reject) => {
        const note = (event: Event): void => {
          if (events.push(event.type) === 2) resolve()
        }
        client.getData(root, note, (error) => error !== null && reject(error))
        client.getChildren(root, note, (error) => error !== null && reject(error))
      })
      await promisify(client.setData.bind(client))(root, Buffer.from('x'), -1)
      await create(`${root}/child`, '')
      await both
      assert.deepEqual(events, [Event.NODE_DATA_CHANGED, Event.NODE_CHILDREN_CHANGED])
    })

    test('commits a transaction whole or not at all', { timeout }, async () => {
      const good = client.transaction().check(root, 0).create(`${root}/a`).remove(`${root}/a`)
      await promisify(good.commit.bind(good))()
      const bad = client.transaction().create(`${root}/b`).remove(`${root}/missing`)
      await assert.rejects(promisify(bad.commit.bind(bad))(), { code: Exception.NO_NODE })
      const stat = await promisify(client.exists.bind(client))(`${root}/b`)
      assert.equal(stat, null)
    })

    test("loses its ephemerals with its session, and nobody else's", { timeout }, async () => {
      const other = await connected(server)
      await promisify<string, Buffer, number, string>(other.create.bind(other))(
        `${root}/mine`,
        Buffer.alloc(0),
        CreateMode.EPHEMERAL,
      )
      const gone = Promise.withResolvers<void>()
      await new Promise<void>((resolve, reject) =>
        client.getChildren(
          root,
          () => gone.resolve(),
          (error) => (error === null ? resolve() : reject(error)),
        ),
      )
      other.close()
      await gone.promise
      const stat = await promisify(client.exists.bind(client))(`${root}/mine`)
      assert.equal(stat, null)
    })
  })
