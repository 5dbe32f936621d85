import assert from 'node:assert/strict'
import { test } from 'node:test'
import { networkFaults } from '../../src/faults/network-faults.ts'
import type { Host } from '../../src/host.ts'
import type { Endpoint } from '../../src/network/endpoint.ts'
import { Network } from '../../src/network/network.ts'
import { TestWorld } from '../test-world.ts'

interface Peer {
  readonly endpoint: Endpoint
  readonly received: number[]
  readonly closed: string[]
  parts: number
}

function watch(endpoint: Endpoint): Peer {
  const peer: Peer = { endpoint, received: [], closed: [], parts: 0 }
  endpoint.handler = {
    received: (bytes) => {
      peer.received.push(...bytes)
      peer.parts++
    },
    drained: () => {},
    closed: (cause) => peer.closed.push(cause),
  }
  return peer
}

interface Pair {
  readonly world: TestWorld
  readonly network: Network
  readonly near: Peer
  readonly far: Peer
  readonly server: Host
  readonly client: Host
}

function connectedPair(seed: number): Pair {
  const world = new TestWorld(seed)
  const network = new Network(world)
  const [server, client] = [world.host('server1'), world.host('client1')]
  network.addHost(server)
  network.addHost(client)
  let far: Peer | undefined
  network.listen(server, (endpoint) => {
    far = watch(endpoint)
  })
  const near = watch(network.dial(client, 'server1', { opened() {}, failed: assert.fail }))
  world.runAll()
  return { world, network, near, far: far!, server, client }
}

function numbers(count: number, from = 0): Uint8Array {
  return Uint8Array.from({ length: count }, (_, i) => from + i)
}

test('bytes arrive in order, in parts cut anywhere, and the close comes behind them', () => {
  let partCount = 0
  for (let seed = 0; seed < 20; seed++) {
    const { world, near, far } = connectedPair(seed)
    near.endpoint.send(numbers(100))
    near.endpoint.send(numbers(100, 100))
    near.endpoint.close()
    world.runAll()
    assert.deepEqual(far.received, [...numbers(200)])
    assert.deepEqual(far.closed, ['the peer closed the connection'])
    assert.equal(near.closed.length, 1)
    partCount += far.parts
  }
  assert.ok(partCount > 40, 'some messages were split')
})

test('a reset at a byte hands over what is before it, and tells both ends', () => {
  const { world, near, far } = connectedPair(1)
  far.endpoint.resetAtByte = 30
  near.endpoint.send(numbers(100))
  world.runAll()
  assert.deepEqual(far.received, [...numbers(30)])
  assert.deepEqual([near.closed.length, far.closed.length], [1, 1])
  assert.equal(world.faults.hits.get('network.reset'), 1)
})

test('an end that went silent hears nothing and is told nothing', () => {
  const { world, near, far } = connectedPair(1)
  far.endpoint.silence()
  near.endpoint.send(numbers(10))
  near.endpoint.close()
  world.runAll()
  assert.deepEqual([far.received, far.closed], [[], []])
})

test('an end that went silent hears no part of what comes later, whatever becomes of the other end', () => {
  const { world, network, near, far } = connectedPair(1)
  const halfOpen = networkFaults.find(({ name }) => name === 'network.half-open')!
  const targets = { world, network, servers: [], ensemble: undefined, clients: [] }
  const silent = new Set<Endpoint>()
  for (let i = 0; i < 20; i++) {
    halfOpen.begin(targets, world.random)
    for (const { endpoint } of [near, far]) {
      if (endpoint.isSilent) silent.add(endpoint)
      assert.equal(endpoint.isSilent, silent.has(endpoint))
    }
  }
  assert.equal(silent.size, 2)
})

test('what comes during a stall or a pause of reading is handed over after it, in order', () => {
  for (const hold of ['stall', 'pause'] as const) {
    const { world, near, far } = connectedPair(2)
    if (hold === 'stall') far.endpoint.stall(50_000)
    else far.endpoint.pauseReading()
    near.endpoint.send(numbers(10))
    near.endpoint.send(numbers(10, 10))
    near.endpoint.close()
    world.scheduler.after(20_000, 'test', 'looks', () => {
      assert.deepEqual([far.received, far.closed], [[], []])
      far.endpoint.resumeReading()
    })
    world.runAll()
    assert.deepEqual(far.received, [...numbers(20)])
    assert.equal(far.closed.length, 1)
  }
})

test('a killed process resets its connections', () => {
  const { world, network, near, server } = connectedPair(3)
  network.processEnded(server, false)
  server.endProcess(false)
  world.runAll()
  assert.deepEqual(near.closed, ['the process ended'])
})

test('a machine without power is silent, and knows no connection when it is back', () => {
  const { world, network, near, server } = connectedPair(3)
  network.processEnded(server, true)
  server.endProcess(true)
  world.runAll()
  assert.deepEqual(near.closed, [])
  server.powerOn()
  near.endpoint.send(numbers(1))
  world.runAll()
  assert.deepEqual(near.closed, ['no such connection'])
})

test('bytes that an end has not taken when it ends in silence are given up in the end', () => {
  for (const isSilentFirst of [false, true]) {
    const { world, network, near, far, server } = connectedPair(3)
    far.endpoint.stall(1_000_000)
    near.endpoint.send(numbers(1))
    if (isSilentFirst) far.endpoint.silence()
    world.scheduler.after(20_000, 'test', 'ends', () => {
      far.endpoint.silence()
      network.processEnded(server, false)
      server.endProcess(false)
    })
    world.runAll()
    assert.deepEqual(near.closed, ['nothing that was sent has been acknowledged'])
  }
})

test('what a machine without power is sent, or had not taken, is given up in the end', () => {
  for (const isSentBefore of [false, true]) {
    const { world, network, near, far, server } = connectedPair(3)
    far.endpoint.stall(1_000_000)
    if (isSentBefore) near.endpoint.send(numbers(1))
    network.processEnded(server, true)
    server.endProcess(true)
    if (!isSentBefore) near.endpoint.send(numbers(1))
    world.runAll()
    assert.deepEqual(near.closed, ['nothing that was sent has been acknowledged'])
  }
})

test('a host without a listener refuses, one without power does not answer', () => {
  for (const isUp of [true, false]) {
    const world = new TestWorld(4)
    const network = new Network(world)
    const [server, client] = [world.host('server1'), world.host('client1')]
    network.addHost(server)
    network.addHost(client)
    if (!isUp) server.endProcess(true)
    const failures: string[] = []
    network.dial(client, 'server1', {
      opened: assert.fail,
      failed: (cause) => failures.push(cause),
    })
    world.runAll()
    assert.equal(failures.length, isUp ? 1 : 0)
  }
})
