import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { ZooKeeper } from '@quorate/client/core'
import { startServer, type TestServer } from '@quorate/testkit'
import { bytesClient } from '../../src/foundation/bytes-client.ts'
import { Limit } from '../../src/foundation/limit.ts'
import { protectedCreate } from '../../src/foundation/protected-create.ts'
import { LossyWorld } from '../support/lossy-world.ts'

let server: TestServer
before(async () => void (server = await startServer()))
after(() => server.close())

async function connected() {
  const world = new LossyWorld()
  const zk = new ZooKeeper(server.connectString, { timeout: 10_000 }, world)
  await zk.exists('/')
  const limit = new Limit(world.clock, {}, { op: 'create', path: '/' })
  return { world, zk, client: bytesClient(zk), limit, [Symbol.asyncDispose]: () => zk.close() }
}

const curatorName =
  /^_c_[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}-lock-\d{10}$/

describe('a protected create', () => {
  it('makes an ephemeral sequential node with the name that Curator gives, and its parents as containers', async () => {
    await using run = await connected()
    const node = await protectedCreate(run.client, { parent: '/a/b', name: 'lock-' }, run.limit)
    assert.match(node.name, curatorName)
    const stat = (await run.zk.exists(node.path))!
    assert.equal(stat.czxid, node.czxid)
    assert.equal(BigInt.asUintN(64, stat.ephemeralOwner), run.zk.sessionId)
  })

  it('finds the node again when the answer is lost', async () => {
    await using run = await connected()
    const parent = '/answer-lost'
    await run.zk.create(parent)
    const creating = protectedCreate(run.client, { parent, name: 'lock-' }, run.limit)
    run.world.loseNextAnswer()
    const { name } = await creating
    assert.deepEqual(await run.zk.children(parent), [name])
  })

  it('creates the node when the request is lost', async () => {
    await using run = await connected()
    const parent = '/request-lost'
    await run.zk.create(parent)
    run.world.loseNextRequest()
    const { name } = await protectedCreate(run.client, { parent, name: 'lock-' }, run.limit)
    assert.deepEqual(await run.zk.children(parent), [name])
  })

  it('leaves nothing behind when it is aborted on its way', async () => {
    await using run = await connected()
    const parent = '/aborted'
    await run.zk.create(parent)
    for (const lose of [() => {}, () => run.world.loseNextAnswer()]) {
      const source = new AbortController()
      using limit = new Limit(run.world.clock, source, { op: 'acquire', path: parent })
      const creating = protectedCreate(run.client, { parent, name: 'lock-' }, limit)
      lose()
      // The request goes out at the end of this turn.
      setImmediate(() => source.abort())
      await assert.rejects(creating, { code: 'Aborted', path: parent })
      const gone = async (): Promise<boolean> => (await run.zk.children(parent)).length === 0
      while (!(await gone()));
    }
  })

  it('is refused below a root that is not there', async () => {
    await using run = await connected()
    const view = bytesClient(run.zk.chroot('/nowhere'))
    await assert.rejects(protectedCreate(view, { parent: '/', name: 'lock-' }, run.limit), {
      code: 'NoNode',
    })
    await assert.rejects(protectedCreate(view, { parent: '/a/b', name: 'lock-' }, run.limit), {
      code: 'NoNode',
    })
  })
})
