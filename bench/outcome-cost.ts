/**
 * `npm run bench:outcomes`: what the outcomes of writes cost a server: time for each write, beside all that applying it takes, and memory
 * for each session. Run with --expose-gc.
 */
import { parseArgs } from 'node:util'
import {
  encode,
  makeZxid,
  OpCode,
  type SessionId,
  sessionIdHigh,
  sessionIdLow,
  setDataRequest,
  JuteReader,
  JuteWriter,
} from '@quorate/protocol'
import { nativePlatform } from '@quorate/server'
import { Tree } from '@quorate/tree'

const { values } = parseArgs({
  options: {
    writes: { type: 'string', default: '200000' },
    rounds: { type: 'string', default: '9' },
    sessions: { type: 'string', default: '100000' },
  },
})
const writeCount = Number(values.writes)
const sessionCount = Number(values.sessions)

interface Txns {
  readonly bytes: Uint8Array
  readonly ends: readonly number[]
}

/** Changes of 100 bytes by 50 sessions, one after the other. */
function prepared(): Txns {
  const tree = freshTree()
  const preparer = tree.preparer({
    extendedTypesEnabled: true,
    enforceQuota: false,
    skipAcl: true,
    digestEnabled: true,
  })
  const request = encode(setDataRequest, { path: '/', data: new Uint8Array(100), version: -1 })
  const writer = new JuteWriter(writeCount * 200)
  const ends: number[] = []
  for (let i = 0; i < writeCount; i++) {
    const zxid = makeZxid(1, i + 1)
    const start = writer.position
    const context = {
      sessionHigh: 1,
      sessionLow: i % 50,
      cxid: 1 + Math.floor(i / 50),
      zxid,
      timeMs: 1_700_000_000_000 + i,
      identities: [],
    }
    preparer.prepare(OpCode.setData, new JuteReader(request), context, writer)
    tree.apply(writer.bytes, start, writer.position)
    preparer.applied(zxid)
    ends.push(writer.position)
  }
  return { bytes: writer.bytes, ends }
}

function freshTree(): Tree {
  const tree = new Tree({ platform: nativePlatform, extendedTypesEnabled: true })
  tree.createSystemNodes()
  return tree
}

/** @returns ns of CPU time for each write: others may keep the machine busy */
function applyAll({ bytes, ends }: Txns, isRecording: boolean): number {
  const tree = freshTree()
  if (!isRecording) tree.outcomes.record = () => {}
  const before = process.cpuUsage()
  let start = 0
  for (const end of ends) {
    tree.apply(bytes, start, end)
    start = end
  }
  const { user, system } = process.cpuUsage(before)
  return ((user + system) * 1_000) / ends.length
}

/** Bytes for each session of which one outcome is known. */
function memoryOfSessions(bodyBytes: number): number {
  const { outcomes } = freshTree()
  const body = { bytes: new Uint8Array(bodyBytes), position: bodyBytes }
  globalThis.gc?.()
  globalThis.gc?.()
  const before = process.memoryUsage()
  for (let i = 0; i < sessionCount; i++) {
    const session = (0x1_0000_0000_0000n + BigInt(i)) as SessionId
    outcomes.record(
      {
        sessionHigh: sessionIdHigh(session),
        sessionLow: sessionIdLow(session),
        cxid: 1,
        zxid: i + 1,
        timeMs: 0,
      },
      { err: 0, body },
    )
  }
  globalThis.gc?.()
  const after = process.memoryUsage()
  const grown = after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers
  if (outcomes.count !== sessionCount) throw new Error(`${outcomes.count} outcomes are kept`)
  return Math.round(grown / sessionCount)
}

const txns = prepared()
// The least of all rounds: what others do to caches and cores only adds to it.
let withOutcomes = Infinity
let without = Infinity
for (let round = 0; round < Number(values.rounds); round++) {
  withOutcomes = Math.min(withOutcomes, applyAll(txns, true))
  without = Math.min(without, applyAll(txns, false))
}
console.log(
  JSON.stringify({
    applyNs: Math.round(withOutcomes),
    applyWithoutNs: Math.round(without),
    recordNs: Math.round(withOutcomes - without),
    bytesPerSession: {
      'an error, or a delete': memoryOfSessions(0),
      'a create': memoryOfSessions(32),
      'a set': memoryOfSessions(68),
    },
  }),
)
