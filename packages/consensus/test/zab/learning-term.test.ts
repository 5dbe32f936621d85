/** What a follower hands on to its leader, for its own clients and for those of its observers. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  decodeRequestData,
  encode,
  OpCode,
  PacketType,
  QuorumPacketSplitter,
  revalidationReply,
  type SessionId,
} from '@quorate/protocol'
import type { LearnerHandler } from '../../src/zab/learner-handler.ts'
import { LearningTerm } from '../../src/zab/learning-term.ts'
import { PacketChannel } from '../../src/zab/packet-channel.ts'

const session = 7n as SessionId
const nameByOp = new Map<number, string>([
  [OpCode.create, 'create'],
  [OpCode.delete, 'delete'],
  [OpCode.sync, 'sync'],
])

/** A term whose requests to the leader are texts: what is asked for, and the client's xid. */
function termOf(servesObservers = true): { term: LearningTerm; requests: () => readonly string[] } {
  const requests: string[] = []
  const splitter = new QuorumPacketSplitter()
  const channel = new PacketChannel(
    {
      queuedBytes: 0,
      write: (bytes, start, end) => {
        splitter.push(bytes, start, end, (type, _zxid, data, from, to) => {
          if (type !== PacketType.request) return true
          const request = decodeRequestData(data, from, to)
          requests.push(`${nameByOp.get(request.type)} ${request.cxid}`)
          return true
        })
        return true
      },
      pause: () => {},
      resume: () => {},
      close: () => {},
    },
    {
      packetReceived: () => {},
      rawReceived: (_bytes, _start, end) => end,
      drained: () => {},
      channelClosed: () => {},
      outputAppeared: () => {},
    },
  )
  const term = new LearningTerm({
    role: 'following',
    epoch: 1,
    leaderId: 3,
    hasConfirmedSync: true,
    fencesMoves: true,
    servesObservers,
    channel,
    turnEnded: () => {},
  })
  return {
    term,
    requests: () => {
      channel.flush()
      return requests
    },
  }
}

const observer = { isGone: true } as LearnerHandler
const other = { isGone: true } as LearnerHandler

function create(cxid: number): Parameters<LearningTerm['forward']>[0] {
  return { session, cxid, type: OpCode.create, body: new Uint8Array(20), identities: [] }
}

test('what comes late of a session that has moved to an observer fails at the leader', () => {
  const { term, requests } = termOf()
  term.forward(create(1))
  term.revalidateFor(observer, session, 1_000)
  term.forward(create(2))
  term.forwardFor(observer, create(3))
  term.forwardFor(other, create(4))
  assert.deepEqual(requests(), ['create 1', 'delete 2', 'create 3', 'delete 4'])
})

test('a session may come to its master from an observer, and go back', () => {
  const { term, requests } = termOf()
  term.revalidate(session, 1_000)
  term.forwardFor(observer, create(1))
  term.forward(create(2))
  term.revalidateFor(observer, session, 1_000)
  term.forwardFor(observer, create(3))
  term.forward(create(4))
  assert.deepEqual(requests(), ['delete 1', 'create 2', 'create 3', 'delete 4'])
})

test('syncs of a session that has moved go on: their answers come in order', () => {
  const { term, requests } = termOf()
  term.revalidate(session, 1_000)
  term.forwardFor(observer, { ...create(1), type: OpCode.sync })
  assert.deepEqual(requests(), ['sync 1'])
})

test('where a session was is forgotten with it', () => {
  const { term, requests } = termOf()
  term.revalidate(session, 1_000)
  term.sessionEnded(session)
  term.forwardFor(observer, create(1))
  const refusal = encode(revalidationReply, { session, isValid: false })
  term.takeRevalidation(refusal, 0, refusal.length)
  assert.deepEqual(requests(), ['create 1'])
})

test('a follower that serves no observers remembers nothing of where sessions are', () => {
  const { term, requests } = termOf(false)
  term.revalidateFor(observer, session, 1_000)
  term.forward(create(1))
  assert.deepEqual(requests(), ['create 1'])
})
