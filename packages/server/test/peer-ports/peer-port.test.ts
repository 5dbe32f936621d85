import assert from 'node:assert/strict'
import { connect, createServer } from 'node:net'
import { afterEach, describe, it } from 'node:test'
import type { HostPort } from '@quorate/consensus'
import { PeerPort } from '../../src/peer-ports/peer-port.ts'
import { PeerSockets } from '../../src/peer-ports/peer-sockets.ts'
import type { ServerError } from '../../src/server-error.ts'

const sockets = new PeerSockets({ keepAliveDelayMs: 10_000 })
const ports: PeerPort[] = []
afterEach(async () => {
  for (const port of ports.splice(0)) port.close()
  await sockets.closeAll()
})

interface Listening {
  readonly port: PeerPort
  readonly acceptedCount: () => number
  readonly unavailable: Promise<ServerError>
  /** The address that was opened late. */
  readonly opened: Promise<string>
}

function peerPort(listensOnAllIps = false): Listening {
  let acceptedCount = 0
  const unavailable = Promise.withResolvers<ServerError>()
  const opened = Promise.withResolvers<string>()
  const port = new PeerPort({
    name: 'election',
    listensOnAllIps,
    bindAttemptsMax: 1,
    lateBindIntervalMs: 5,
    sockets,
    enter: (event) => event(),
    accepted: (link) => {
      acceptedCount++
      link.close()
      return { received() {}, drained() {}, closed() {} }
    },
    acceptFailed() {},
    addressUnavailable: unavailable.resolve,
    addressOpened: opened.resolve,
  })
  ports.push(port)
  return {
    port,
    acceptedCount: () => acceptedCount,
    unavailable: unavailable.promise,
    opened: opened.promise,
  }
}

/** A port that is free at all loopback addresses. */
async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** Whether somebody takes a connection there. */
async function isOpen({ host, port }: HostPort): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect({ host, port })
    socket.on('error', () => resolve(false))
    socket.on('close', () => resolve(true))
    socket.resume()
  })
}

describe('PeerPort', () => {
  it('listens at each of its addresses, and at no others', async () => {
    const { port, acceptedCount } = peerPort()
    const addresses = [
      { host: '127.0.0.1', port: await freePort() },
      { host: '127.0.0.2', port: await freePort() },
    ]
    await port.listen(addresses)
    for (const address of addresses) assert.ok(await isOpen(address))
    assert.equal(acceptedCount(), 2)
    assert.equal(await isOpen({ host: '127.0.0.3', port: addresses[0].port }), false)
  })

  it('listens at the ports of all addresses on every address of the machine when told so', async () => {
    const { port } = peerPort(true)
    const number = await freePort()
    await port.listen([
      { host: '127.0.0.1', port: number },
      { host: '127.0.0.2', port: number },
    ])
    assert.ok(await isOpen({ host: '127.0.0.3', port: number }))
  })

  it('goes on with one address when another one is not to be had, and says so', async () => {
    const { port, unavailable } = peerPort()
    const there = { host: '127.0.0.1', port: await freePort() }
    // An address for documentation: no machine has it.
    await port.listen([{ host: '203.0.113.1', port: there.port }, there])
    assert.ok(await isOpen(there))
    const { code, message } = await unavailable
    assert.equal(code, 'PEER_PORT_UNAVAILABLE')
    assert.match(message, /^the election port 203\.0\.113\.1:/)
  })

  it('listens at an address that was not to be had as soon as it is', async () => {
    const { port, unavailable, opened } = peerPort()
    const number = await freePort()
    const [there, taken] = [
      { host: '127.0.0.1', port: number },
      { host: '127.0.0.2', port: number },
    ]
    const holder = createServer((socket) => socket.destroy())
    await new Promise<void>((resolve) => holder.listen(taken, resolve))
    await port.listen([there, taken])
    assert.match((await unavailable).message, /^the election port 127\.0\.0\.2:.*EADDRINUSE/)
    await new Promise((resolve) => holder.close(resolve))
    assert.equal(await opened, `127.0.0.2:${number}`)
    assert.ok(await isOpen(taken))
    assert.ok(await isOpen(there))
  })

  it('fails when none of its addresses is to be had', async () => {
    const { port } = peerPort()
    const nowhere = [1, 2].map((n) => ({ host: `203.0.113.${n}`, port: 3888 }))
    await assert.rejects(port.listen(nowhere), { code: 'PEER_PORT_UNAVAILABLE' })
  })

  it('leaves addresses that are no longer its own', async () => {
    const { port } = peerPort()
    const [before, then] = [
      { host: '127.0.0.1', port: await freePort() },
      { host: '127.0.0.2', port: await freePort() },
    ]
    await port.listen([before])
    await port.listen([then])
    assert.equal(await isOpen(before), false)
    assert.ok(await isOpen(then))
  })
})
