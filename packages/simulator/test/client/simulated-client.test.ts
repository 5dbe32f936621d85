import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type ConnectRequest,
  connectRequest,
  connectResponse,
  decode,
  encode,
  type SessionId,
} from '@quorate/protocol'
import { FrameReader } from '../../src/client/frame-reader.ts'
import { framed } from '../../src/client/operation-codec.ts'
import { SimulatedClient } from '../../src/client/simulated-client.ts'
import type { Connected, Observation } from '../../src/history/observation.ts'
import { Network } from '../../src/network/network.ts'
import { usPerMs } from '../../src/world.ts'
import { TestWorld } from '../test-world.ts'

const session = 0x77n as SessionId

interface Scene {
  readonly world: TestWorld
  readonly asked: { readonly server: string; readonly request: ConnectRequest }[]
}

/** Servers that take every session and then answer nothing more. */
function runClient(seed: number, readOnlyServers: readonly string[] = []): Scene {
  const world = new TestWorld(seed)
  const network = new Network(world)
  const asked: Scene['asked'] = []
  const servers = ['server1', 'server2', 'server3']
  for (const name of servers) {
    const host = world.host(name)
    network.addHost(host)
    network.listen(host, (endpoint) => {
      const frames = new FrameReader()
      let isWelcomed = false
      endpoint.handler = {
        received: (bytes) => {
          for (const frame of frames.push(bytes)) {
            if (isWelcomed) continue
            isWelcomed = true
            asked.push({ server: name, request: decode(connectRequest, frame) })
            const readOnly = readOnlyServers.includes(name)
            const passwd = new Uint8Array(16).fill(1)
            const response = { protocolVersion: 0, timeOut: 600, sessionId: session, passwd }
            endpoint.send(framed(encode(connectResponse, { ...response, readOnly })))
          }
        },
        drained: () => {},
        closed: () => {},
      }
    })
  }
  const host = world.host('client1')
  network.addHost(host)
  const client = new SimulatedClient(host, {
    world,
    network,
    settings: {
      servers,
      sessionTimeoutMs: 600,
      acceptsReadOnly: true,
      depthMax: 1,
      burstChance: 0,
      thinkMostMs: 50,
    },
    workload: { next: () => undefined, answered() {} },
  })
  client.start()
  while (world.scheduler.nowUs < 5_000 * usPerMs) world.scheduler.runNext()
  return { world, asked }
}

const isConnected = (observation: Observation): observation is Connected =>
  observation.type === 'connected'

test('a client leaves a server that is silent, and takes its session to all others', () => {
  const { asked, world } = runClient(1)
  assert.deepEqual(new Set(asked.slice(0, 3).map(({ server }) => server)).size, 3)
  const [first, ...later] = asked.map(({ request }) => request.sessionId)
  assert.equal(first, 0n)
  assert.ok(later.length >= 2 && later.every((id) => id === session))
  const servers = world.observations.filter(isConnected).map(({ server }) => server)
  assert.deepEqual(
    servers,
    asked.slice(0, servers.length).map(({ server }) => server),
  )
})

test('clients go through the servers in orders of their own', () => {
  const firsts = Array.from({ length: 20 }, (_, seed) => runClient(seed).asked[0]?.server)
  assert.equal(new Set(firsts).size, 3)
})

test('a session that only a read-only server knows is not taken along', () => {
  const { asked, world } = runClient(2, ['server1', 'server2', 'server3'])
  assert.ok(asked.length >= 2)
  assert.ok(asked.every(({ request }) => request.sessionId === 0n))
  assert.ok(world.observations.filter(isConnected).every(({ isReadOnly }) => isReadOnly))
})
