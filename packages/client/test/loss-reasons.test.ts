/** Sessions that are lost in each of the ways there are, on a real server whose time the test moves. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { type InMemoryServer, startInMemoryServer } from '@quorate/testkit'
import { SessionLoss, type SessionLossReason, type ZooKeeper } from '../src/index.ts'

const timeout = 30_000

type Losing = (server: InMemoryServer, zk: ZooKeeper) => Promise<void>

const waysToLose: Readonly<Record<Exclude<SessionLossReason, 'unknownToServer'>, Losing>> = {
  silence: async (server, zk) => {
    server.isolate(zk, { isSilent: true })
    await server.advance((timeout * 4) / 3 + 1)
  },
  stall: async (server, zk) => {
    server.pauseClient(zk)
    await server.advance(timeout * 2)
    server.resumeClient(zk)
    await server.advance(1_000)
  },
  expiredByServer: async (server, zk) => {
    server.isolate(zk)
    await server.advance(timeout * 1.15)
    server.heal()
    await server.advance(2_000)
  },
  closedElsewhere: async (server, zk) => {
    await server.expire(zk)
    await server.advance(1_000)
  },
}

for (const [reason, lose] of Object.entries(waysToLose))
  it(`each reason for the loss of a session is told as what it is: ${reason}`, async () => {
    await using server = await startInMemoryServer()
    const zk = await server.client({ timeout })
    await lose(server, zk)
    assert.equal(zk.state, 'expired')
    await assert.rejects(zk.get('/'), (error: Error) => {
      assert.ok(error.cause instanceof SessionLoss)
      assert.equal(error.cause.reason, reason)
      return true
    })
  })
