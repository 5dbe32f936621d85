import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { ZooKeeper } from '@quorate/client/core'
import { startServer, type TestServer } from '@quorate/testkit'
import { type FailureDetector, failureDetector, heartbeat } from '../../src/index.ts'
import { LossyWorld } from '../support/lossy-world.ts'

let server: TestServer
before(async () => void (server = await startServer()))
after(() => server.close())

/** Reads on until the member has the status. */
async function until(
  detector: FailureDetector,
  id: string,
  status: 'alive' | 'suspected' | undefined,
): Promise<void> {
  for await (const members of detector.changes()) if (members.get(id) === status) return
}

describe('FailureDetector', { timeout: 60_000 }, () => {
  it('sees members that come and leave', async () => {
    const zk = await server.client()
    await using detector = failureDetector(zk, '/detector/life')
    const member = heartbeat(zk, '/detector/life', { id: 'a', intervalMs: 20 })
    await until(detector, 'a', 'alive')
    assert.equal(typeof detector.phi('a'), 'number')
    await member.close()
    await until(detector, 'a', undefined)
    assert.equal(detector.phi('a'), undefined)
  })

  it('suspects a member that is silent before its session expires, and then sees it go', async () => {
    const world = new LossyWorld()
    const silent = new ZooKeeper(server.connectString, { timeout: 3_000 }, world)
    const zk = await server.client()
    await using detector = failureDetector(zk, '/detector/silent', { threshold: 3 })
    const member = heartbeat(silent, '/detector/silent', { id: 'a', intervalMs: 10 })
    await member.ready()
    await until(detector, 'a', 'alive')
    while ((detector.phi('a') ?? 0) === 0) await new Promise((resolve) => setImmediate(resolve))
    world.fallSilent()
    await until(detector, 'a', 'suspected')
    assert.notEqual(await zk.exists('/detector/silent/a'), null)
    await until(detector, 'a', undefined)
    await Promise.all([member.close(), silent.close()])
  })

  it('does not suspect a member whose signs of life are on their way', async () => {
    const world = new LossyWorld()
    const late = new ZooKeeper(server.connectString, { timeout: 30_000 }, world)
    const zk = await server.client()
    await using detector = failureDetector(late, '/detector/lagging', { threshold: 3 })
    await using member = heartbeat(zk, '/detector/lagging', { id: 'a', intervalMs: 10 })
    await member.ready()
    const seen: (string | undefined)[] = []
    const following = (async () => {
      for await (const members of detector.changes()) seen.push(members.get('a'))
    })()
    const untilPhi = async (isSo: (phi: number) => boolean): Promise<void> => {
      while (!isSo(detector.phi('a') ?? 0)) await new Promise((resolve) => setImmediate(resolve))
    }
    await untilPhi((phi) => phi > 0)
    world.pause()
    await untilPhi((phi) => phi > 4)
    world.resume()
    await untilPhi((phi) => phi < 1)
    await detector.close()
    await following
    assert.ok(!seen.includes('suspected'), seen.join(', '))
    await late.close()
  })

  it('takes a suspicion back with the next sign of life', async () => {
    const zk = await server.client()
    await using detector = failureDetector(zk, '/detector/late', { threshold: 0.5 })
    await zk.create('/detector').catch(() => {})
    await zk.create('/detector/late').catch(() => {})
    await zk.create('/detector/late/a', '', { ephemeral: true })
    await until(detector, 'a', 'alive')
    // Until it was heard often enough to have something to compare a silence with.
    while (detector.phi('a') === 0) await zk.set('/detector/late/a', '1')
    await until(detector, 'a', 'suspected')
    await zk.set('/detector/late/a', '2')
    await until(detector, 'a', 'alive')
  })

  it('refuses settings that make no sense', async () => {
    const zk = await server.client()
    assert.throws(() => failureDetector(zk, '/detector', { threshold: 0 }), RangeError)
    assert.throws(() => heartbeat(zk, '/detector', { id: 'a', intervalMs: 0 }), RangeError)
  })
})
