import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { PeerLink, ProposalReader } from '@quorate/consensus'
import {
  type JuteWriter,
  makeZxid,
  PacketType,
  QuorumPacketSplitter,
  type Zxid,
} from '@quorate/protocol'
import { LearnerFeed } from '../../src/zab/learner-feed.ts'
import { PacketChannel } from '../../src/zab/packet-channel.ts'
import { zxidText } from './memory-history.ts'

const nameByType: ReadonlyMap<number, string> = new Map(
  Object.entries(PacketType).map(([name, type]) => [type, name]),
)

/** A link that keeps what was written, and has it under way until it is drained. */
class SlowLink implements PeerLink {
  queuedBytes = 0
  readonly packets: string[] = []
  readonly #splitter = new QuorumPacketSplitter()

  write(bytes: Uint8Array, start: number, end: number): boolean {
    this.queuedBytes += end - start
    this.#splitter.push(bytes, start, end, (type, zxid) => {
      this.packets.push(`${nameByType.get(type)} ${zxidText(zxid)}`)
      return true
    })
    return true
  }

  pause(): void {}
  resume(): void {}
  close(): void {}
}

interface FeedByHand {
  readonly feed: LearnerFeed
  readonly channel: PacketChannel
  /** What the feed wants to do when others had their turn. */
  readonly due: (() => void)[]
  readonly isBroken: () => boolean
  /** Takes turns until the feed waits for the link. */
  readonly goOn: () => void
}

function feedOf(link: PeerLink, queueBytesMax = 1_000_000): FeedByHand {
  const channel = new PacketChannel(link, {
    packetReceived: () => {},
    rawReceived: (_bytes, _start, end) => end,
    drained: () => {},
    channelClosed: () => {},
    outputAppeared: () => {},
  })
  const due: (() => void)[] = []
  let isBroken = false
  const feed = new LearnerFeed({
    channel,
    queueBytesMax,
    later: (run) => due.push(run),
    broken: () => {
      isBroken = true
    },
  })
  const goOn = (): void => {
    for (let run = due.shift(); run !== undefined; run = due.shift()) run()
    channel.flush()
  }
  return { feed, channel, due, isBroken: () => isBroken, goOn }
}

function readerOf(
  zxids: readonly Zxid[],
  bytes: Uint8Array,
): ProposalReader & { isClosed: boolean } {
  let next = 0
  const reader = {
    zxid: 0,
    bytes,
    start: 0,
    end: bytes.length,
    isClosed: false,
    next(): boolean {
      if (next === zxids.length) return false
      reader.zxid = zxids[next++]
      return true
    },
    close() {
      reader.isClosed = true
    },
  }
  return reader
}

const small = new Uint8Array(8)

describe('a learner’s feed', () => {
  test('sends the log on disk before what was queued', () => {
    const link = new SlowLink()
    const { feed, channel } = feedOf(link)
    feed.send(PacketType.diff, makeZxid(1, 3))
    feed.awaitLongPart()
    feed.sendCommitted({ zxid: makeZxid(1, 3), bytes: small })
    feed.send(PacketType.newLeader, makeZxid(2, 0))
    const reader = readerOf([makeZxid(1, 1), makeZxid(1, 2)], small)
    feed.begin({ kind: 'log', reader, last: makeZxid(1, 2) })
    feed.send(PacketType.proposal, makeZxid(2, 1), small)
    channel.flush()
    assert.deepEqual(link.packets, [
      'diff 1:3',
      'proposal 1:1',
      'commit 1:1',
      'proposal 1:2',
      'commit 1:2',
      'proposal 1:3',
      'commit 1:3',
      'newLeader 2:0',
      'proposal 2:1',
    ])
    assert.ok(reader.isClosed)
  })

  test('sends nothing of the log that the window begins with', () => {
    const link = new SlowLink()
    const { feed, channel } = feedOf(link)
    feed.awaitLongPart()
    feed.sendCommitted({ zxid: makeZxid(2, 1), bytes: small })
    const reader = readerOf([makeZxid(1, 4), makeZxid(2, 1), makeZxid(2, 2)], small)
    feed.begin({ kind: 'log', reader, last: makeZxid(2, 0) })
    channel.flush()
    assert.deepEqual(link.packets, ['proposal 1:4', 'commit 1:4', 'proposal 2:1', 'commit 2:1'])
  })

  test('says so when the log ends before it should', () => {
    const { feed, isBroken } = feedOf(new SlowLink())
    feed.awaitLongPart()
    const reader = readerOf([makeZxid(1, 1)], small)
    feed.begin({ kind: 'log', reader, last: makeZxid(1, 2) })
    assert.ok(isBroken())
    assert.ok(reader.isClosed)
  })

  test('waits with the log while a megabyte is under way, and goes on when that is drained', () => {
    const link = new SlowLink()
    const { feed, goOn } = feedOf(link)
    feed.awaitLongPart()
    feed.send(PacketType.newLeader, makeZxid(2, 0))
    const zxids = Array.from({ length: 40 }, (_, i) => makeZxid(1, i + 1))
    const reader = readerOf(zxids, new Uint8Array(100_000))
    feed.begin({ kind: 'log', reader, last: makeZxid(1, 40) })
    goOn()
    const sentAtOnce = link.queuedBytes
    assert.ok(sentAtOnce > 1_000_000 && sentAtOnce < 1_500_000, `${sentAtOnce}`)
    assert.equal(feed.isLive, false)
    for (let rounds = 0; !feed.isLive; rounds++) {
      assert.ok(rounds < 10)
      link.queuedBytes = 0
      feed.drained()
      goOn()
    }
    assert.equal(link.packets.length, 81)
    assert.equal(link.packets.at(-1), 'newLeader 2:0')
  })

  test('lets others have their turn between slices, however much the link takes', () => {
    const link = new SlowLink()
    const { feed, due } = feedOf(link)
    feed.awaitLongPart()
    const zxids = Array.from({ length: 40 }, (_, i) => makeZxid(1, i + 1))
    const reader = readerOf(zxids, new Uint8Array(100_000))
    feed.begin({ kind: 'log', reader, last: makeZxid(1, 40) })
    for (let slices = 1; !feed.isLive; slices++) {
      assert.ok(link.queuedBytes < 250_000, `${link.queuedBytes}`)
      assert.ok(slices <= 20)
      link.queuedBytes = 0
      feed.drained()
      assert.equal(link.queuedBytes, 0, 'the next slice has its turn already')
      assert.equal(due.length, 1)
      due.shift()!()
    }
  })

  test('tells when more waits than may', () => {
    const { feed } = feedOf(new SlowLink(), 1_000)
    feed.awaitLongPart()
    feed.send(PacketType.proposal, makeZxid(1, 1), new Uint8Array(900))
    assert.equal(feed.isOverfull, false)
    feed.send(PacketType.proposal, makeZxid(1, 2), new Uint8Array(900))
    assert.ok(feed.isOverfull)
  })

  test('sends what stands behind an image to those who take it, in front of the signature', () => {
    const signature = [0, 0, 0, 10, ...new TextEncoder().encode('BenWasHere')]
    for (const [hasTail, expected] of [
      [true, [1, 1, 2, 2]],
      [false, [1, 1]],
    ] as const) {
      const written: number[] = []
      const link = Object.assign(new SlowLink(), {
        write(bytes: Uint8Array, start: number, end: number) {
          written.push(...bytes.subarray(start, end))
          return true
        },
      })
      const { feed, channel, goOn } = feedOf(link)
      const slices = [1, 1, 2, 2]
      const next = (part: number, writer: JuteWriter): boolean => {
        writer.writeByte(slices.shift()!)
        return slices[0] === part
      }
      let isClosed = false
      const image = {
        zxid: 1,
        writeNext: (writer: JuteWriter) => next(1, writer),
        writeNextOfTail: (writer: JuteWriter) => next(2, writer),
        close: () => {
          isClosed = true
        },
      }
      feed.begin({ kind: 'image', image, hasTail })
      goOn()
      channel.flush()
      assert.deepEqual(written, [...expected, ...signature])
      assert.ok(isClosed)
    }
  })

  test('closes an image, and its reader, when the learner is gone', () => {
    let isClosed = false
    const { feed } = feedOf(Object.assign(new SlowLink(), { queuedBytes: 2_000_000 }))
    feed.awaitLongPart()
    const image = {
      zxid: 1,
      writeNext: () => true,
      close: () => {
        isClosed = true
      },
    }
    feed.begin({ kind: 'image', image, hasTail: false })
    feed.close()
    assert.ok(isClosed)
  })
})
