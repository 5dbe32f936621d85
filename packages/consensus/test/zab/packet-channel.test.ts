import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { JuteWriter, PacketType, writeQuorumPacket } from '@quorate/protocol'
import { type ChannelOwner, PacketChannel } from '../../src/zab/packet-channel.ts'

class Link {
  queuedBytes = 0
  isPaused = false
  isClosed = false
  isTaking = true
  readonly written: Uint8Array[] = []

  write(bytes: Uint8Array, start: number, end: number): boolean {
    this.written.push(this.isTaking ? bytes.slice(start, end) : bytes.subarray(start, end))
    return this.isTaking
  }

  pause(): void {
    this.isPaused = true
  }

  resume(): void {
    this.isPaused = false
  }

  close(): void {
    this.isClosed = true
  }
}

interface Setup {
  readonly link: Link
  readonly channel: PacketChannel
  /** What the owner was told. */
  readonly told: string[]
}

/** @param rawLength bytes of the raw stream behind a SNAP */
function setup(react: (type: number, channel: PacketChannel) => void = () => {}): Setup {
  const link = new Link()
  const told: string[] = []
  const raw: number[] = []
  const owner: ChannelOwner = {
    packetReceived: ({ type, bytes, start, end }) => {
      told.push(`${type}:${start < 0 ? 'null' : bytes.subarray(start, end).join(',')}`)
      react(type, channel)
    },
    rawReceived: (bytes, start, end) => {
      // The stream ends with a zero.
      const at = bytes.subarray(start, end).indexOf(0)
      raw.push(...bytes.subarray(start, at === -1 ? end : start + at + 1))
      if (at === -1) return -1
      told.push(`raw ${raw.join(',')}`)
      react(-1, channel)
      return start + at + 1
    },
    drained: () => told.push('drained'),
    channelClosed: (reason) => told.push(`closed: ${reason}`),
    outputAppeared: () => told.push('output'),
  }
  const channel = new PacketChannel(link, owner)
  return { link, channel, told }
}

function stream(): Uint8Array {
  const writer = new JuteWriter(64)
  writeQuorumPacket(writer, PacketType.proposal, 1, Uint8Array.of(1, 2, 3))
  writeQuorumPacket(writer, PacketType.snap, 2, null)
  for (const byte of [9, 8, 7, 0]) writer.writeByte(byte)
  writeQuorumPacket(writer, PacketType.newLeader, 3, Uint8Array.of(4))
  writeQuorumPacket(writer, PacketType.upToDate, 4, null)
  return writer.copy()
}

const wholeStream = ['2:1,2,3', '15:null', 'raw 9,8,7,0', '10:4', '12:null']
const whole = stream()

/** The three parts that two cuts make. */
function* cutsOf(bytes: Uint8Array): Generator<readonly Uint8Array[]> {
  for (let a = 0; a <= bytes.length; a++)
    for (let b = a; b <= bytes.length; b++)
      yield [bytes.subarray(0, a), bytes.subarray(a, b), bytes.subarray(b)]
}

describe('a channel of packets', () => {
  test('hands out packets and a raw stream between them, wherever the input is torn', () => {
    for (const parts of cutsOf(whole)) {
      const { channel, told } = setup((type, it) => {
        if (type === PacketType.snap) it.beginRaw()
      })
      for (const part of parts) channel.received(part, 0, part.length)
      assert.deepEqual(told, wholeStream)
    }
  })

  test('keeps the order when it is held at every packet, wherever the input is torn', () => {
    for (const parts of cutsOf(whole)) {
      const { channel, told, link } = setup((type, it) => {
        if (type === PacketType.snap) it.beginRaw()
        it.hold()
      })
      for (const part of parts) channel.received(part, 0, part.length)
      assert.ok(told.length <= 1)
      for (let count = told.length; count < wholeStream.length; count++) {
        assert.ok(link.isPaused)
        channel.release()
        assert.equal(told.length, count + 1)
      }
      channel.release()
      assert.deepEqual(told, wholeStream)
      assert.equal(link.isPaused, false)
    }
  })

  test('takes what comes while it is held behind what it has', () => {
    for (let cut = 0; cut <= whole.length; cut++) {
      const { channel, told } = setup((type, it) => {
        if (type === PacketType.snap) it.beginRaw()
        if (type === PacketType.proposal) it.hold()
      })
      channel.received(whole, 0, cut)
      channel.received(whole, cut, whole.length)
      assert.deepEqual(told, ['2:1,2,3'])
      channel.release()
      assert.deepEqual(told, wholeStream)
    }
  })

  test('hands out nothing more when the owner closes it', () => {
    const { channel, told, link } = setup((type, it) => {
      if (type === PacketType.proposal) it.close()
    })
    channel.received(whole, 0, whole.length)
    channel.received(whole, 0, whole.length)
    channel.drained()
    channel.closed('gone')
    assert.deepEqual(told, ['2:1,2,3'])
    assert.ok(link.isClosed)
  })

  test('hands out nothing that was held when it is closed meanwhile', () => {
    const { channel, told } = setup((_type, it) => it.hold())
    channel.received(whole, 0, whole.length)
    channel.closed('gone')
    channel.release()
    assert.deepEqual(told, ['2:1,2,3', 'closed: gone'])
  })

  test('closes when what comes can’t be a packet', () => {
    const { channel, told, link } = setup()
    channel.received(new Uint8Array(64).fill(0x80), 0, 64)
    assert.ok(link.isClosed)
    assert.equal(told.length, 1)
    assert.match(told[0], /^closed: /)
  })

  test('gathers output until it is flushed, and says so once', () => {
    const { channel, told, link } = setup()
    channel.flush()
    channel.send(PacketType.ack, 1)
    channel.send(PacketType.ack, 2)
    assert.deepEqual(told, ['output'])
    assert.equal(link.written.length, 0)
    assert.equal(channel.queuedBytes, 40)
    channel.flush()
    channel.flush()
    assert.equal(link.written.length, 1)
    assert.equal(link.written[0].length, 40)
    channel.send(PacketType.ack, 3)
    assert.deepEqual(told, ['output', 'output'])
  })

  test('does not write into a buffer that the link holds on to', () => {
    const { channel, link } = setup()
    link.isTaking = false
    channel.send(PacketType.ack, 1)
    channel.flush()
    const before = link.written[0].slice()
    channel.send(PacketType.proposal, 7, Uint8Array.of(1, 2, 3))
    channel.flush()
    assert.deepEqual(link.written[0], before)
  })

  test('sends what was written before it is closed, and nothing after', () => {
    const { channel, link } = setup()
    channel.send(PacketType.ack, 1)
    channel.close()
    channel.send(PacketType.ack, 2)
    channel.flush()
    assert.equal(link.written.length, 1)
    assert.equal(link.written[0].length, 20)
  })
})
