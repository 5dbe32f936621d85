import assert from 'node:assert/strict'
import { lookup } from 'node:dns'
import { connect, createServer, type Server } from 'node:net'
import { afterEach, describe, it } from 'node:test'
import type { HostPort, PeerLinkListener } from '@quorate/consensus'
import { PeerDial } from '../../src/peer-ports/peer-dial.ts'
import { PeerNames } from '../../src/peer-ports/peer-names.ts'
import { PeerSockets } from '../../src/peer-ports/peer-sockets.ts'

const servers: Server[] = []
/** Of each connection that a server of this test has taken. */
const closes: Promise<unknown>[] = []
const sockets = new PeerSockets({ keepAliveDelayMs: 10_000 })
afterEach(async () => {
  await sockets.closeAll()
  closes.length = 0
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve))
})

async function listen(greeting: string): Promise<HostPort> {
  const server = createServer((socket) => {
    // A reset is one way in which a connection that is not wanted ends.
    socket.on('error', () => {})
    closes.push(new Promise((resolve) => socket.on('close', resolve)))
    socket.write(greeting)
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { host: '127.0.0.1', port: (server.address() as { port: number }).port }
}

/** A port of this machine that nobody listens on. */
async function deaf(): Promise<HostPort> {
  const address = await listen('')
  await new Promise((resolve) => servers.pop()!.close(resolve))
  return address
}

/** Where nobody answers when asked for the address of `silent`. */
class SilentNames extends PeerSockets {
  override readonly names: PeerNames = new PeerNames((name, options, answer) => {
    if (name !== 'silent') lookup(name, options, answer)
  })

  constructor() {
    super({ keepAliveDelayMs: 10_000 })
  }
}

const enter = (event: () => void): void => event()

/** What a dial comes to: the first bytes of the peer, or why it failed. */
async function dial(
  addresses: readonly HostPort[],
  timeoutMs = 5_000,
  over: PeerSockets = sockets,
): Promise<string> {
  return await new Promise((resolve) => {
    const listener: PeerLinkListener = {
      received: (bytes, start, end) => resolve(String(Buffer.from(bytes.subarray(start, end)))),
      drained() {},
      closed: (reason) => resolve(`closed: ${reason}`),
    }
    const outcome = { opened: () => listener, failed: resolve }
    const parts = { addresses, connect, timeoutMs, sockets: over, enter }
    assert.ok(new PeerDial(parts, outcome))
  })
}

describe('PeerDial', () => {
  it('takes the address that answers, whichever of them it is', async () => {
    const there = await listen('hello')
    assert.equal(await dial([await deaf(), there]), 'hello')
    assert.equal(await dial([there, await deaf()]), 'hello')
  })

  it('says what became of each address when none answers', async () => {
    const [one, other] = [await deaf(), await deaf()]
    const reason = await dial([one, other])
    for (const { port } of [one, other])
      assert.match(reason, new RegExp(`127\\.0\\.0\\.1:${port}: connect ECONNREFUSED`))
  })

  it('fails without an address, and when a name does not exist', async () => {
    assert.equal(await dial([]), 'no address of it is known')
    assert.match(
      await dial([{ host: 'no-such-host.invalid', port: 1 }]),
      /no-such-host\.invalid:1: /,
    )
  })

  it('takes one of two addresses that both answer, and closes the other', async () => {
    const addresses = [await listen('hello'), await listen('hello')]
    assert.equal(await dial(addresses), 'hello')
    await sockets.closeAll()
    // Whichever of the two was taken, and whether or not the other one came through.
    await Promise.all(closes)
    assert.ok(closes.length > 0)
  })

  it('tries an address again that refuses while another one is silent', async () => {
    const late = await deaf()
    const answer = dial([{ host: 'silent', port: 1 }, late], 5_000, new SilentNames())
    const server = createServer((socket) => socket.end('at last'))
    servers.push(server)
    // By then the first attempt has been refused.
    await dial([late])
    await new Promise<void>((resolve) => server.listen(late.port, late.host, resolve))
    assert.equal(await answer, 'at last')
  })

  it('gives up when its time is over', async () => {
    const silent = { host: 'silent', port: 1 }
    assert.equal(
      await dial([silent, await deaf()], 50, new SilentNames()),
      'no answer within 50 ms',
    )
  })

  it('tells nobody of what comes after it was cancelled', async () => {
    const there = await listen('hello')
    const told: string[] = []
    const parts = {
      addresses: [there],
      connect,
      timeoutMs: 5_000,
      sockets,
      enter: (event: () => void) => event(),
    }
    const dialling = new PeerDial(parts, {
      opened() {
        told.push('opened')
        return { received() {}, drained() {}, closed() {} }
      },
      failed: (reason) => told.push(reason),
    })
    dialling.cancel()
    assert.equal(await dial([there]), 'hello')
    assert.deepEqual(told, [])
  })
})
