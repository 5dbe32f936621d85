import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FastLeaderElection } from '@quorate/consensus'
import { encodeElectionHello, type Notification, PeerState } from '@quorate/protocol'
import * as fc from 'fast-check'
import { Wire, type WireLink } from './election-wire.ts'

function vote(leader: number, config = 'version=0'): Notification {
  return {
    state: PeerState.looking,
    leader,
    zxid: 0,
    electionEpoch: 1,
    peerEpoch: 0,
    version: 2,
    config,
  }
}

function wireOf(ids: readonly number[], voters: readonly number[] = ids): Wire {
  return new Wire(ids, { voters })
}

function writeHex(link: WireLink, hex: string): void {
  const bytes = Buffer.from(hex, 'hex')
  link.write(bytes, 0, bytes.length)
}

function helloOf(serverId: number | undefined, port = 3888): string {
  const addresses = [{ host: 'h', port }]
  return Buffer.from(encodeElectionHello({ version: 'oneAddress', serverId, addresses })).toString(
    'hex',
  )
}

function leadersHeard(wire: Wire, id: number): readonly number[] {
  return wire.port(id).heard.map(({ notification }) => notification.leader)
}

test('whoever begins, the connection that the larger id dials is the one that lasts', () => {
  for (const [first, second] of [
    [1, 2],
    [2, 1],
  ]) {
    const wire = wireOf([1, 2])
    wire.port(first).connections.send(second, vote(first))
    wire.settle()
    wire.port(second).connections.send(first, vote(second))
    wire.settle()
    assert.deepEqual(leadersHeard(wire, 1), [2])
    assert.deepEqual(leadersHeard(wire, 2), [1])
    assert.equal(wire.openDials(2, 1).length, 1)
    assert.equal(wire.openDials(1, 2).length, 0)
  }
})

test('when both dial at once, one connection is left and both hear the other', () => {
  const wire = wireOf([1, 2])
  wire.port(1).connections.send(2, vote(1))
  wire.port(2).connections.send(1, vote(2))
  wire.settle()
  assert.equal(wire.openDials(2, 1).length, 1)
  assert.equal(wire.openDials(1, 2).length, 0)
  assert.ok(leadersHeard(wire, 1).includes(2))
  assert.ok(leadersHeard(wire, 2).includes(1))
})

test('three servers elect one of them over byte streams', () => {
  const wire = wireOf([1, 2, 3])
  const roles: string[] = []
  const machines = [1, 2, 3].map((serverId) => {
    const port = wire.port(serverId)
    const machine = new FastLeaderElection({
      serverId,
      options: {
        minNotificationIntervalMs: 200,
        maxNotificationIntervalMs: 60_000,
        finalizeWaitMs: 200,
        reconfigEnabled: false,
      },
      memberships: port.memberships,
      transport: port.connections,
      clock: wire.clock,
      host: {
        decided: (state, { leader }) => roles.push(`${serverId} ${state} ${leader}`),
        voterLeft() {},
        leaderLeft() {},
        membershipSeen() {},
      },
      report() {},
    })
    port.onReceived = (from, notification) => machine.received(from, notification)
    return machine
  })
  for (const machine of machines) machine.start({ lastZxid: 0, currentEpoch: 0 })
  wire.settle()
  wire.advance(200)
  assert.deepEqual(roles.toSorted(), ['1 following 3', '2 following 3', '3 leading 3'])
})

test('nothing is dialled without a notification to send', () => {
  const wire = wireOf([1, 2, 3])
  wire.advance(100_000)
  assert.deepEqual(wire.dials, [])
  wire.port(1).connections.connectAll()
  assert.deepEqual(
    wire.dials.map(({ to }) => to),
    [2, 3],
  )
})

test('one attempt per peer is under way at a time', () => {
  const wire = wireOf([1, 3])
  wire.silent.add(1)
  for (let count = 0; count < 5; count++) wire.port(3).connections.send(1, vote(count))
  wire.port(3).connections.connectAll()
  wire.settle()
  assert.equal(wire.dials.length, 1)
})

test('ZOOKEEPER-3756: a peer that does not answer holds up no other one', () => {
  const wire = wireOf([1, 2, 3])
  wire.silent.add(1)
  wire.port(3).connections.send(1, vote(3))
  wire.port(3).connections.send(2, vote(3))
  wire.settle()
  assert.deepEqual(leadersHeard(wire, 2), [3])
})

test('ZOOKEEPER-3720: the initial message is that of a single address', () => {
  const wire = wireOf([1, 2])
  wire.port(2).connections.send(1, vote(2))
  wire.settle()
  const [link] = wire.openDials(2, 1)
  assert.ok(
    link.written.startsWith(
      'ffffffffffff0000000000000000000200000007' + Buffer.from('s2:3888').toString('hex'),
    ),
  )
})

test('ZOOKEEPER-3188: where several addresses are enabled, the initial message holds all of them', () => {
  const wire = new Wire([1, 2], { voters: [1, 2] }, true)
  wire.port(1).connections.send(2, vote(1))
  wire.settle()
  const { link } = wire.dials[0]
  const addresses = 's1:3888|t1:3889'
  assert.equal(
    link!.written,
    'ffffffffffff000100000000000000010000000f' + Buffer.from(addresses).toString('hex'),
  )
})

test('ZOOKEEPER-3188: who says several addresses is understood by servers that say one, and called back at all', () => {
  const wire = wireOf([5], [5])
  const caller = wire.connect(5)
  const addresses = [
    { host: 'h', port: 7777 },
    { host: 'i', port: 7778 },
  ]
  const hello = encodeElectionHello({ version: 'addresses', serverId: 4, addresses })
  caller.write(hello, 0, hello.length)
  wire.settle()
  assert.equal(wire.dials[0].to, 4)
  assert.deepEqual(wire.dials[0].addresses, addresses)
})

test('ZOOKEEPER-2164: who has the smaller id is called back where it says that it listens', () => {
  const wire = wireOf([5], [5])
  const caller = wire.connect(5)
  writeHex(caller, helloOf(4, 7777))
  wire.settle()
  assert.equal(caller.isOpen, false)
  assert.equal(wire.dials.length, 1)
  assert.equal(wire.dials[0].to, 4)
  assert.deepEqual(wire.dials[0].addresses, [{ host: 'h', port: 7777 }])
})

test('ZOOKEEPER-2164: a call by the smaller id replaces a connection that it has lost', () => {
  const wire = wireOf([1, 2])
  wire.port(2).connections.send(1, vote(2))
  wire.settle()
  const [before] = wire.openDials(2, 1)
  wire.port(1).connections.restart()
  wire.port(1).connections.send(2, vote(1))
  wire.settle()
  const [after] = wire.openDials(2, 1)
  assert.notEqual(after, before)
  assert.equal(before.isOpen, false)
  assert.deepEqual(leadersHeard(wire, 2), [1])
})

/** Server 1 and 2 with a connection that neither can tell to be lost. @returns what either has dialled so far */
function halfOpen(): { readonly wire: Wire; readonly old: WireLink } {
  const wire = wireOf([1, 2])
  for (const [from, to] of [
    [1, 2],
    [2, 1],
  ]) {
    wire.port(from).connections.send(to, vote(from))
    wire.settle()
  }
  const [old] = wire.openDials(2, 1)
  old.isHalfOpen = true
  old.other!.isHalfOpen = true
  for (const id of [1, 2]) wire.port(id).heard.length = 0
  return { wire, old }
}

test('a rebooted peer’s dial replaces the connection that it has lost without a word', () => {
  for (const rebooted of [1, 2]) {
    const { wire, old } = halfOpen()
    wire.reboot(rebooted, { voters: [1, 2] })
    wire.port(rebooted).connections.send(3 - rebooted, vote(7))
    wire.settle()
    assert.deepEqual(leadersHeard(wire, 3 - rebooted), [7])
    assert.deepEqual(leadersHeard(wire, rebooted), [3 - rebooted])
    const [now] = wire.openDials(2, 1).filter((link) => link !== old)
    assert.ok(now?.isOpen)
  }
})

test('who says nothing on a connection for long, though told again and again, is connected with anew', () => {
  for (const teller of [1, 2]) {
    const { wire } = halfOpen()
    const { connections } = wire.port(teller)
    // As an election repeats itself.
    for (const ms of [0, 200, 400, 800, 1_600]) {
      wire.advance(ms)
      connections.send(3 - teller, vote(7))
    }
    wire.settle()
    assert.deepEqual(leadersHeard(wire, 3 - teller), [])
    wire.advance(3_200)
    connections.send(3 - teller, vote(8))
    wire.settle()
    assert.deepEqual(leadersHeard(wire, 3 - teller), [8])
    assert.deepEqual(leadersHeard(wire, teller), [3 - teller])
  }
})

test('a peer that answers keeps its connection, however long it is told', () => {
  const wire = wireOf([1, 2])
  wire.port(1).onReceived = (from) => wire.port(1).connections.send(from, vote(1))
  for (let count = 0; count < 20; count++) {
    wire.port(2).connections.send(1, vote(2))
    wire.advance(2_000)
  }
  assert.equal(wire.dials.length, 1)
})

test('an attempt from before a peer was there does not keep it from being called back', () => {
  const wire = wireOf([1, 2])
  wire.silent.add(1)
  wire.port(2).connections.send(1, vote(2))
  wire.settle()
  wire.silent.delete(1)
  for (const [waitMs, heard] of [
    [499, []],
    [1, [1]],
  ] as const) {
    wire.advance(waitMs)
    wire.port(1).connections.send(2, vote(1))
    wire.settle()
    assert.deepEqual(leadersHeard(wire, 2), heard)
  }
})

test('attempts that fail and connections that end are told', () => {
  const wire = wireOf([1, 2, 3])
  wire.refusing.add(3)
  const two = wire.port(2)
  for (const id of [1, 3]) two.connections.send(id, vote(2))
  wire.settle()
  assert.deepEqual([two.unreachable, two.lost], [[3], []])
  wire.openDials(2, 1)[0].break('the process ended')
  wire.settle()
  assert.deepEqual([two.unreachable, two.lost, wire.port(1).lost], [[3], [1], [2]])
  // Not what this server itself has closed.
  two.connections.send(1, vote(2))
  wire.settle()
  two.connections.restart()
  wire.settle()
  assert.deepEqual([two.unreachable, two.lost], [[3], [1]])
})

test('a server that says it has this one’s own id is turned away', () => {
  const wire = wireOf([5])
  const twin = wire.connect(5)
  writeHex(twin, helloOf(5))
  wire.settle()
  assert.equal(twin.isOpen, false)
  assert.deepEqual(wire.dials, [])
  assert.deepEqual(wire.port(5).reports, ['ELECTION_ID_REFUSED'])
})

test('observers without an id are given −1, −2 and so on, and answered on their connection', () => {
  const wire = wireOf([5])
  const links = [wire.connect(5), wire.connect(5)]
  for (const link of links) {
    writeHex(link, helloOf(undefined) + '0000001c' + '00'.repeat(28))
  }
  wire.settle()
  assert.deepEqual(
    wire.port(5).heard.map(({ from }) => from),
    [-1, -2],
  )
  wire.port(5).connections.send(-2, vote(5))
  assert.equal(links[0].other!.written, '')
  assert.notEqual(links[1].other!.written, '')
})

test('a queue holds the newest notification while the peer takes nothing', () => {
  const wire = wireOf([1, 2])
  const { connections } = wire.port(2)
  connections.send(1, vote(2))
  wire.settle()
  const [link] = wire.openDials(2, 1)
  link.isBlocked = true
  link.queuedBytes = 1
  assert.ok(connections.hasDelivered)
  for (const leader of [7, 8, 9]) connections.send(1, vote(leader))
  assert.equal(connections.hasDelivered, false)
  link.unblock()
  wire.settle()
  assert.deepEqual(leadersHeard(wire, 1), [2, 9])
  assert.ok(connections.hasDelivered)
})

test('ZOOKEEPER-481: a new connection begins with the last notification ever sent', () => {
  const wire = wireOf([1, 2])
  const { connections } = wire.port(2)
  connections.send(1, vote(8))
  connections.send(1, vote(9))
  wire.settle()
  wire.openDials(2, 1)[0].break('reset')
  wire.settle()
  wire.port(1).connections.send(2, vote(1))
  wire.settle()
  assert.deepEqual(leadersHeard(wire, 1), [9, 9])
  assert.deepEqual(leadersHeard(wire, 2), [1])
})

test('a restart closes all connections and forgets what was sent', () => {
  const wire = wireOf([1, 2, 3])
  const { connections } = wire.port(3)
  wire.silent.add(2)
  connections.send(1, vote(3))
  connections.send(2, vote(3))
  const stranger = wire.connect(3)
  wire.settle()
  connections.restart()
  wire.settle()
  assert.equal(wire.openDials(3, 1).length, 0)
  assert.equal(stranger.isOpen, false)
  connections.connectAll()
  wire.settle()
  assert.equal(wire.openDials(3, 1).length, 1)
  assert.deepEqual(leadersHeard(wire, 1), [3])
})

test('who does not say in time who it is, is turned away', () => {
  const wire = wireOf([5])
  const link = wire.connect(5)
  writeHex(link, helloOf(9).slice(0, 20))
  wire.settle()
  wire.advance(4_999)
  assert.ok(link.isOpen)
  wire.advance(1)
  assert.equal(link.isOpen, false)
  const known = wire.connect(5)
  writeHex(known, helloOf(9))
  wire.settle()
  wire.advance(100_000)
  assert.ok(known.isOpen)
})

test('ZOOKEEPER-3769: a notification that can’t be read is skipped, a length that can’t be ends the connection', () => {
  const wire = wireOf([5])
  const link = wire.connect(5)
  writeHex(link, `${helloOf(9)}00000003aabbcc0000001c${'00'.repeat(28)}`)
  wire.settle()
  assert.equal(wire.port(5).heard.length, 1)
  assert.ok(link.isOpen)
  writeHex(link, '00080001')
  wire.settle()
  assert.equal(link.isOpen, false)
})

test('ZOOKEEPER-4787: a configuration beyond ASCII arrives as it was sent', () => {
  const wire = wireOf([1, 2])
  const config = 'server.1=höst-例え:2888:3888:participant\nversion=0'
  wire.port(2).connections.send(1, vote(2, config))
  wire.settle()
  assert.equal(wire.port(1).heard[0].notification.config, config)
})

test('only so many servers of no membership are heard, and members still are', () => {
  const wire = wireOf([1, 500])
  const strangers = Array.from({ length: 100 }, (_, i) => {
    const link = wire.connect(1)
    writeHex(link, helloOf(1_000 + i))
    wire.settle()
    return link
  })
  assert.equal(strangers.filter(({ isOpen }) => isOpen).length, 64)
  wire.port(500).connections.send(1, vote(500))
  wire.settle()
  assert.deepEqual(leadersHeard(wire, 1), [500])
  const unknown = Array.from({ length: 100 }, () => wire.connect(1))
  wire.settle()
  assert.equal(unknown.filter(({ isOpen }) => isOpen).length, 64)
})

test('ZOOKEEPER-2186 and 4247: no bytes on the port throw or disturb another connection', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 80 }), { maxLength: 6 }),
      fc.constantFrom('', helloOf(9), helloOf(2), helloOf(undefined), 'ffffffffffff0000'),
      (chunks, beginning) => {
        const wire = wireOf([1, 5])
        wire.port(5).connections.send(1, vote(5))
        wire.settle()
        const link = wire.connect(5)
        writeHex(link, beginning)
        for (const chunk of chunks) {
          link.write(chunk, 0, chunk.length)
          wire.settle()
        }
        wire.port(5).connections.send(1, vote(6))
        wire.settle()
        assert.deepEqual(leadersHeard(wire, 1), [5, 6])
      },
    ),
    { numRuns: 300 },
  )
})
