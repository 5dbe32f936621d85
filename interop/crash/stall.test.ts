/** A stall is not a death: a server that was stopped for longer than a session's timeout hears its buffered pings first. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import {
  CreateMode,
  createRequest,
  OpCode,
  openAcl,
  pathWatchRequest,
  statResponse,
} from '@quorate/protocol'
import { RawSession } from '../harness/raw-session.ts'
import { startQuorate } from '../harness/quorate-server.ts'

const sessionTimeoutMs = 1_000
const stallMs = 3_500

test(
  'a session whose pings waited in the socket survives a stall',
  { timeout: 60_000 },
  async () => {
    const server = await startQuorate({
      configuration: ['tickTime=500', `minSessionTimeout=${sessionTimeoutMs}`],
    })
    try {
      const session = await RawSession.open(server.port, { timeOut: sessionTimeoutMs })
      const fields = { data: null, acl: openAcl, flags: CreateMode.ephemeral }
      const created = await session.call(OpCode.create, createRequest, { path: '/mine', ...fields })
      assert.equal(created.err, 0)
      server.signal('SIGSTOP')
      const pings = pingRegularly(session, stallMs)
      await pings
      server.signal('SIGCONT')
      // Every buffered ping is answered, and the session's node is still there.
      for (let i = 0; i < Math.floor(stallMs / pingIntervalMs); i++) await session.reply()
      const { stat } = await session.ask(
        OpCode.exists,
        pathWatchRequest,
        { path: '/mine', watch: false },
        statResponse,
      )
      assert.equal(stat.ephemeralOwner, BigInt(session.sessionId))
      await session.close()
    } finally {
      await server.dispose()
    }
  },
)

const pingIntervalMs = 250

/** As a client does whose server is slow to answer. */
async function pingRegularly(session: RawSession, durationMs: number): Promise<void> {
  for (let i = 0; i < Math.floor(durationMs / pingIntervalMs); i++) {
    session.client.sendRequest(-2, OpCode.ping)
    await delay(pingIntervalMs)
  }
}
