/** What faults do to the ways between hosts, seen by the processes at their ends. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FaultKind } from '../../src/faults/fault-counts.ts'
import type { Host } from '../../src/host.ts'
import type { Endpoint, Port } from '../../src/network/endpoint.ts'
import { Network } from '../../src/network/network.ts'
import { TestWorld } from '../test-world.ts'

/** A process that keeps what it gets from whoever connects. */
class Sink {
  readonly host: Host
  readonly accepted: Endpoint[] = []
  readonly received: { readonly connection: number; readonly byte: number }[] = []
  readonly closed: number[] = []

  constructor(world: TestWorld, network: Network, name: string, port: Port = 'client') {
    this.host = world.host(name)
    network.addHost(this.host)
    network.listen(this.host, (endpoint) => this.#accept(endpoint), port)
  }

  get bytes(): number[] {
    return this.received.map(({ byte }) => byte)
  }

  #accept(endpoint: Endpoint): void {
    this.accepted.push(endpoint)
    const { connection } = endpoint
    endpoint.handler = {
      received: (bytes) => this.received.push(...[...bytes].map((byte) => ({ connection, byte }))),
      drained: () => {},
      closed: () => this.closed.push(connection),
    }
  }
}

function setUp(seed = 1): { world: TestWorld; network: Network; a: Sink; b: Sink } {
  const world = new TestWorld(seed)
  const network = new Network(world)
  return {
    world,
    network,
    a: new Sink(world, network, 'a'),
    b: new Sink(world, network, 'b'),
  }
}

function dial(
  network: Network,
  from: Host,
  to: string,
  port?: Port,
): string[] & { near: Endpoint } {
  const told: string[] = []
  const near = network.dial(
    from,
    to,
    { opened: () => told.push('opened'), failed: (cause) => told.push(cause) },
    port,
  )
  near.handler = { received: () => {}, drained: () => {}, closed: () => told.push('closed') }
  return Object.assign(told, { near })
}

function hits(world: TestWorld, kind: FaultKind): number {
  return world.faults.hits.get(kind) ?? 0
}

test('what is sent over a blocked way arrives in order when it is healed, and the close behind it', () => {
  const { world, network, a, b } = setUp()
  const { near } = dial(network, a.host, 'b')
  world.runAll()
  network.block('a', 'b', 'network.partition')
  near.send(Uint8Array.of(1, 2))
  near.send(Uint8Array.of(3))
  near.close()
  world.runAll()
  assert.deepEqual([b.bytes, b.closed], [[], []])
  assert.ok(near.queuedBytes > 0, 'nobody has taken it')
  network.unblock('a', 'b', 'network.partition')
  world.runAll()
  assert.deepEqual(b.bytes, [1, 2, 3])
  assert.equal(b.closed.length, 1)
  assert.equal(hits(world, 'network.partition'), 1)
})

test('a way that is blocked in one direction lets the other through', () => {
  const { world, network, a, b } = setUp()
  const told = dial(network, a.host, 'b')
  world.runAll()
  const [far] = b.accepted
  const heard: number[] = []
  told.near.handler = {
    received: (bytes) => heard.push(...bytes),
    drained: () => {},
    closed: () => {},
  }
  network.block('a', 'b', 'network.one-way')
  told.near.send(Uint8Array.of(1))
  far.send(Uint8Array.of(2))
  world.runAll()
  assert.deepEqual([heard, b.bytes], [[2], []])
})

test('a dial over a blocked way is answered when it is healed, whichever way it was', () => {
  for (const [from, to] of [
    ['a', 'b'],
    ['b', 'a'],
  ] as const) {
    const { world, network, a } = setUp()
    network.block(from, to, 'network.isolate')
    const told = dial(network, a.host, 'b')
    world.runAll()
    assert.deepEqual([...told], [])
    assert.equal(hits(world, 'network.isolate'), 1)
    network.unblock(from, to, 'network.isolate')
    world.runAll()
    assert.deepEqual([...told], ['opened'])
  }
})

test('a reset over a blocked way is heard of when it is healed', () => {
  const { world, network, a, b } = setUp()
  dial(network, a.host, 'b')
  world.runAll()
  network.block('a', 'b', 'network.partition')
  network.processEnded(a.host, false)
  a.host.endProcess(false)
  world.runAll()
  assert.equal(b.closed.length, 0)
  network.unblock('a', 'b', 'network.partition')
  world.runAll()
  assert.equal(b.closed.length, 1)
})

test('only the fault that blocked a way frees it', () => {
  const { network } = setUp()
  network.block('a', 'b', 'network.partition')
  network.block('a', 'b', 'network.isolate')
  network.unblock('a', 'b', 'network.isolate')
  assert.ok(network.link('a', 'b').isBlocked)
  network.unblock('a', 'b', 'network.partition')
  assert.ok(!network.link('a', 'b').isBlocked)
})

test('a narrow way takes its time for bytes, of all connections together', () => {
  const { world, network, a, b } = setUp()
  const [first, second] = [dial(network, a.host, 'b'), dial(network, a.host, 'b')]
  world.runAll()
  network.link('a', 'b').bytesPerMs = 10
  const startUs = world.scheduler.nowUs
  first.near.send(new Uint8Array(500))
  second.near.send(new Uint8Array(500))
  world.runAll()
  assert.equal(b.received.length, 1_000)
  assert.ok(world.scheduler.nowUs - startUs >= 100_000)
  assert.ok(hits(world, 'network.slow-link') > 0)
})

test('over an uneven way connections overtake each other, and each stays in order', () => {
  const { world, network, a, b } = setUp()
  const [first, second] = [dial(network, a.host, 'b'), dial(network, a.host, 'b')]
  world.runAll()
  network.link('a', 'b').unevenMostUs = 50_000
  for (let i = 0; i < 20; i++) (i % 2 === 0 ? first : second).near.send(Uint8Array.of(i))
  world.runAll()
  const { bytes } = b
  assert.notDeepEqual(
    bytes,
    bytes.toSorted((x, y) => x - y),
  )
  for (const parity of [0, 1]) {
    const own = bytes.filter((byte) => byte % 2 === parity)
    assert.deepEqual(
      own,
      own.toSorted((x, y) => x - y),
    )
  }
  assert.ok(hits(world, 'network.reorder') > 0)
})

test('a doubled dial is two connections there and one here, and the other one is dropped', () => {
  let copyCount = 0
  for (let seed = 0; seed < 10; seed++) {
    const { world, network, a, b } = setUp(seed)
    network.link('a', 'b').duplicateChance = 1
    const told = dial(network, a.host, 'b')
    world.runAll()
    network.link('a', 'b').duplicateChance = 0
    told.near.send(Uint8Array.of(1))
    told.near.send(Uint8Array.of(2))
    world.runAll()
    assert.equal(b.accepted.length, 2)
    const { connection } = told.near
    const own = b.received.filter((one) => one.connection === connection).map(({ byte }) => byte)
    assert.deepEqual(own, [1, 2])
    assert.deepEqual([...told], ['opened'])
    assert.equal(b.closed.length, 1)
    assert.notEqual(b.closed[0], connection)
    copyCount += b.received.length - own.length
  }
  assert.ok(copyCount <= 10, 'at most the first message is there twice')
})

test('a refused dial is told of, and counted', () => {
  const { world, network, a, b } = setUp()
  network.link('a', 'b').refuseChance = 1
  const told = dial(network, a.host, 'b')
  world.runAll()
  assert.deepEqual([...told], ['the connection was refused'])
  assert.equal(b.accepted.length, 0)
  assert.equal(hits(world, 'network.refuse'), 1)
})

test('a host listens on each of its ports for itself', () => {
  const { world, network, a } = setUp()
  const quorum = new Sink(world, network, 'c', 'quorum')
  const told = ['quorum', 'election'].map((port) => dial(network, a.host, 'c', port as Port))
  world.runAll()
  assert.deepEqual(
    told.map(([first]) => first),
    ['opened', 'the connection was refused'],
  )
  network.listen(quorum.host, undefined, 'quorum')
  const late = dial(network, a.host, 'c', 'quorum')
  world.runAll()
  assert.deepEqual([...late], ['the connection was refused'])
})
