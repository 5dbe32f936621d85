import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, describe, it } from 'node:test'
import { nodeWorld } from '@quorate/client'
import { ZooKeeper } from '@quorate/client/core'
import { startServer, type TestServer } from '@quorate/testkit'
import { bytesClient } from '../../src/foundation/bytes-client.ts'
import { Limit } from '../../src/foundation/limit.ts'
import { OwnNode } from '../../src/foundation/own-node.ts'
import { LossyWorld } from '../support/lossy-world.ts'

let server: TestServer
before(async () => void (server = await startServer()))
after(() => server.close())

const limit = new Limit(nodeWorld.clock, {}, { op: 'acquire', path: '/own' })

async function own(timeout = 10_000) {
  const zk = await server.client({ timeout })
  const node = await OwnNode.create(bytesClient(zk), { parent: '/own', name: 'n-' }, limit)
  const lost = node.lost.aborted ? Promise.resolve() : once(node.lost, 'abort')
  return { zk, node, lost }
}

describe('an own node', () => {
  it('is lost when somebody deletes it', async () => {
    const { zk, node, lost } = await own()
    const other = await server.client()
    assert.ok(node.isHeld)
    await other.delete(node.path)
    await lost
    assert.equal(node.lost.reason.code, 'LockLost')
    assert.match(node.lost.reason.message, /it was deleted/)
    assert.equal(node.isHeld, false)
    assert.throws(() => node.check(), { code: 'LockLost', path: node.path })
    await zk.close()
  })

  it('is lost when its session has expired', async () => {
    const { zk, node, lost } = await own()
    await server.expire(zk)
    await lost
    assert.match(node.lost.reason.message, /its session (has expired|is over)|it was deleted/)
    await node.remove()
  })

  it('is lost when its client is closed', async () => {
    const { zk, node, lost } = await own()
    await zk.close()
    await lost
    assert.equal(node.isHeld, false)
  })

  it('is not lost but released when it is removed', async () => {
    const { zk, node } = await own()
    await Promise.all([node.remove(), node.remove()])
    assert.equal(await zk.exists(node.path), null)
    assert.equal(node.lost.aborted, false)
    assert.throws(() => node.check(), { code: 'Released' })
    await zk.close()
  })

  it('survives a connection that is cut', async () => {
    const { zk, node } = await own()
    node.hold()
    server.cutConnections(zk)
    assert.notEqual(await zk.exists(node.path), null)
    assert.ok(node.isHeld)
    await node.remove()
    await zk.close()
  })

  it('that is held is not held right after a stall, whatever answers have waited for it', async () => {
    const lossy = new LossyWorld()
    let stalledMs = 0
    const clock = { ...nodeWorld.clock, nowMs: () => nodeWorld.clock.nowMs() + stalledMs }
    const { platform, random, transport } = lossy
    await using zk = new ZooKeeper(
      server.connectString,
      { timeout: 30_000 },
      { clock, platform, random, transport },
    )
    const node = await OwnNode.create(bytesClient(zk), { parent: '/own', name: 'n-' }, limit)
    node.hold()
    lossy.pause()
    const answered = zk.exists('/own')
    const other = await server.client()
    // By the time that this one is answered, the request before is on its way.
    await other.sync('/own')
    assert.ok(node.isHeld)
    stalledMs = 30_000
    lossy.resume()
    await answered
    assert.equal(node.isHeld, false)
  })

  it('that is held is lost when no server has answered for the session timeout', async () => {
    const world = new LossyWorld()
    await using zk = new ZooKeeper(server.connectString, { timeout: 600 }, world)
    const node = await OwnNode.create(bytesClient(zk), { parent: '/own', name: 'n-' }, limit)
    node.hold()
    const lost = once(node.lost, 'abort')
    const confirmedAtMs = zk.confirmedAtMs
    world.fallSilent()
    await lost
    const silentMs = nodeWorld.clock.nowMs() - confirmedAtMs
    assert.match(node.lost.reason.message, /no server has answered anything of the last 600 ms/)
    assert.ok(silentMs >= 600 && silentMs < 800, `${silentMs} ms`)
  })
})
