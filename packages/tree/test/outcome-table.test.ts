import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ErrorCode, makeZxid, type SessionId, sessionIdHigh, sessionIdLow } from '@quorate/protocol'
import * as fc from 'fast-check'
import {
  type KeptOutcome,
  outcomeAgeSeconds,
  outcomeSlotsMax,
  outcomesPerSession,
  OutcomeTable,
} from '../src/outcome-table.ts'

const one = 0x1_0000_0001n as SessionId
const two = 0xff00_0000_0000_0002n as SessionId

interface Write {
  readonly session?: SessionId
  readonly cxid: number
  readonly zxid: number
  readonly timeMs?: number
  readonly err?: number
  readonly body?: Uint8Array
}

function record(table: OutcomeTable, write: Write): void {
  const { session = one, cxid, zxid, timeMs = 0, err = 0, body = new Uint8Array(0) } = write
  table.record(
    {
      sessionHigh: sessionIdHigh(session),
      sessionLow: sessionIdLow(session),
      cxid,
      zxid,
      timeMs,
    },
    { err, body: { bytes: body, position: body.length } },
  )
}

function bytesOf(length: number, seed = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (seed + i * 7) & 0xff)
}

/** Ids of which either half differs. */
function sessionOf(i: number): SessionId {
  return (one + BigInt(i) * 0x1_0000_0001n) as SessionId
}

function typeOf(table: OutcomeTable, cxid: number, after = 0): string {
  return table.find(one, cxid, after).type
}

/** An entry that outlives the next one. */
function owned(entry: KeptOutcome): KeptOutcome {
  const { body } = entry
  if (body === undefined) return entry
  const bytes = body.bytes.slice(body.start, body.end)
  return { ...entry, body: { bytes, start: 0, end: bytes.length } }
}

/** What a server has that loads the table of another. */
function reloaded(table: OutcomeTable, between: () => void = () => {}): OutcomeTable {
  const copy = new OutcomeTable()
  const image = table.openImage()
  between()
  const entries = Array.from(image.entries(), owned)
  assert.equal(entries.length, image.count)
  assert.equal(
    entries.reduce((sum, { body }) => sum + (body?.end ?? 0), 0),
    image.bodyBytes,
  )
  image.close()
  for (const entry of entries) copy.restore(entry)
  copy.beginWith(image, entries.at(-1)?.zxid ?? image.floor)
  return copy
}

function entriesOf(table: OutcomeTable): KeptOutcome[] {
  const image = table.openImage()
  const entries = Array.from(image.entries(), owned)
  image.close()
  return entries
}

describe('OutcomeTable', () => {
  test('a write of a session that had moved on was never applied, whichever error says so', () => {
    for (const err of [ErrorCode.SessionMoved, ErrorCode.SessionExpired, ErrorCode.BadArguments]) {
      const table = new OutcomeTable()
      record(table, { cxid: 1, zxid: 1, err })
      record(table, { cxid: 2, zxid: 2, err: ErrorCode.NoNode })
      assert.deepEqual([typeOf(table, 1), typeOf(table, 2)], ['neverApplied', 'applied'])
    }
  })

  test('knows a result of any length as it was', () => {
    const table = new OutcomeTable()
    const lengths = [0, 1, 7, 8, 9, 68, 71, 72, 73, 195, 196, 197, 5_000]
    lengths.forEach((length, i) =>
      record(table, { cxid: i + 1, zxid: i + 10, err: -200 - i, body: bytesOf(length, i) }),
    )
    lengths.forEach((length, i) =>
      assert.deepEqual(table.find(one, i + 1, 0), {
        type: 'applied',
        zxid: i + 10,
        err: -200 - i,
        body: bytesOf(length, i),
      }),
    )
  })

  test('a write that it would know of and does not was never applied', () => {
    const table = new OutcomeTable()
    record(table, { cxid: 1, zxid: 5 })
    assert.equal(typeOf(table, 2), 'neverApplied')
    assert.equal(table.find(two, 1, 0).type, 'neverApplied')
  })

  test('an entry from before the write was sent is of another write with its number', () => {
    const table = new OutcomeTable()
    record(table, { cxid: 1, zxid: 5 })
    assert.equal(typeOf(table, 1, 4), 'applied')
    assert.equal(typeOf(table, 1, 5), 'neverApplied')
  })

  test('of a session it keeps the last ones, and knows what it has forgotten', () => {
    const table = new OutcomeTable()
    record(table, { session: two, cxid: 1, zxid: 1 })
    for (let i = 1; i <= outcomesPerSession + 3; i++) record(table, { cxid: i, zxid: i + 1 })
    assert.equal(typeOf(table, 4), 'applied')
    assert.equal(typeOf(table, 3), 'unknown')
    assert.equal(typeOf(table, 9_999, 3), 'unknown')
    assert.equal(typeOf(table, 9_999, 4), 'neverApplied', 'the last forgotten one has zxid 4')
    assert.equal(table.find(two, 1, 0).type, 'applied', 'other sessions are not touched')
    assert.equal(table.find(two, 2, 0).type, 'neverApplied')
    assert.equal(table.count, outcomesPerSession + 1)
  })

  test('requests of the servers themselves take no room', () => {
    const table = new OutcomeTable()
    for (const cxid of [0, -600]) record(table, { cxid, zxid: 10 - cxid })
    assert.equal(table.count, 0)
  })

  test('outcomes go when they are old by the clock of the transactions', () => {
    const table = new OutcomeTable()
    record(table, { cxid: 1, zxid: 1, timeMs: 5_000_000 })
    for (let i = 0; i <= outcomeAgeSeconds; i++)
      record(table, { session: two, cxid: 0, zxid: 2 + i, timeMs: 5_000_000 + i * 1_000 })
    assert.equal(typeOf(table, 1), 'applied')
    record(table, {
      session: two,
      cxid: 0,
      zxid: 1_000,
      timeMs: 5_001_000 + outcomeAgeSeconds * 1_000,
    })
    assert.equal(typeOf(table, 1), 'unknown')
    assert.equal(table.count, 0)
    assert.equal(typeOf(table, 2, 1), 'neverApplied')
  })

  test('a wall clock that jumps makes nothing old', () => {
    const table = new OutcomeTable()
    record(table, { cxid: 1, zxid: 1, timeMs: 1_000 })
    record(table, { cxid: 2, zxid: 2, timeMs: 9_000_000_000 })
    record(table, { cxid: 3, zxid: makeZxid(1, 1), timeMs: 90_000_000_000 })
    record(table, { cxid: 4, zxid: makeZxid(2, 1), timeMs: 5 })
    for (const cxid of [1, 2, 3, 4]) assert.equal(typeOf(table, cxid), 'applied')
  })

  test('all together take no more than they may, and the oldest go first', () => {
    const table = new OutcomeTable()
    const body = bytesOf(262_144)
    const count = Math.ceil(outcomeSlotsMax / (body.length / 124))
    for (let i = 1; i <= count + 2; i++)
      record(table, { session: (one + BigInt(i)) as SessionId, cxid: 1, zxid: i, body })
    assert.ok(table.count < count + 2)
    assert.ok(table.memoryBytes <= outcomeSlotsMax * 128 + 300_000, `${table.memoryBytes}`)
    assert.equal(table.find((one + 1n) as SessionId, 1, 0).type, 'unknown')
    assert.equal(table.find((one + BigInt(count)) as SessionId, 1, 0).type, 'applied')
    assert.equal(table.find(two, 1, table.floor).type, 'neverApplied')
  })

  test('sessions are found however many come and go', () => {
    const table = new OutcomeTable()
    const count = 5_000
    let zxid = 0
    let timeMs = 0
    for (const round of [1, 2, 3]) {
      for (let i = 0; i < count; i++)
        record(table, { session: sessionOf(i), cxid: round, zxid: ++zxid, timeMs: (timeMs += 100) })
      for (let i = 0; i < count; i++) {
        const { type } = table.find(sessionOf(i), round, 0)
        assert.equal(type, 'applied', `session ${i} in round ${round}`)
        assert.equal(table.find(sessionOf(i), 9, zxid - count).type, 'neverApplied')
      }
      assert.ok(table.count <= 6_011)
    }
  })

  test('a result that is too long is unknown, not wrong', () => {
    const table = new OutcomeTable()
    record(table, { cxid: 1, zxid: 1, body: bytesOf(262_145) })
    assert.equal(typeOf(table, 1), 'unknown')
    assert.equal(reloaded(table).find(one, 1, 0).type, 'unknown')
  })

  test('of what was before a state without a table nothing is known, until the digest is right', () => {
    const table = new OutcomeTable()
    table.beginWithout(50)
    assert.equal(typeOf(table, 1, 49), 'unknown')
    record(table, { cxid: 1, zxid: 51 })
    assert.equal(typeOf(table, 1, 50), 'unknown')
    table.proveExact()
    record(table, { cxid: 2, zxid: 52 })
    assert.equal(typeOf(table, 2, 50), 'applied')
    assert.equal(typeOf(table, 3, 50), 'unknown')
    assert.equal(typeOf(table, 3, 51), 'neverApplied')
  })
})

describe('OutcomeTable against a model', () => {
  const sessions = [one, two, 3n as SessionId]
  const step = fc.record({
    at: fc.nat({ max: 2 }),
    cxid: fc.integer({ min: -1, max: 40 }),
    stepMs: fc.constantFrom(0, 900, 400_000),
    repeat: fc.constantFrom(1, 1, 1, 400),
    length: fc.constantFrom(0, 5, 68, 200),
    reload: fc.boolean(),
  })

  test('finds what a list of all writes has, or says that it does not know', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        let table = new OutcomeTable()
        const writes: Required<Write>[] = []
        let zxid = 0
        let timeMs = 0
        const add = (at: number, cxid: number, length: number): void => {
          zxid++
          const body = bytesOf(length, zxid)
          const write = { session: sessions[at], cxid, zxid, timeMs, err: -100 - (zxid % 10), body }
          writes.push(write)
          record(table, write)
        }
        for (const { at, cxid, stepMs, repeat, length, reload } of steps) {
          timeMs += stepMs
          if (reload) {
            const before = entriesOf(table)
            const { floor } = table
            const copy = reloaded(table, () => add(at, cxid, length))
            assert.deepEqual(entriesOf(copy), before, 'an image is of its moment')
            assert.equal(copy.floor, floor)
            const lost = writes.at(-1)!
            record(copy, lost)
            assert.deepEqual(entriesOf(copy), entriesOf(table))
            table = copy
          }
          for (let i = 0; i < repeat; i++) add(at, cxid < 1 ? cxid : cxid + i, length)
        }
        for (const session of sessions)
          for (let cxid = 1; cxid < 60; cxid++)
            for (const after of [0, Math.floor(zxid / 2), zxid - 1, zxid]) {
              const known = writes.find(
                (write) => write.session === session && write.cxid === cxid && write.zxid > after,
              )
              const found = table.find(session, cxid, after)
              if (found.type === 'neverApplied') assert.equal(known, undefined)
              if (found.type !== 'applied') continue
              const same = writes.find((write) => write.zxid === found.zxid)!
              assert.equal(same.session, session)
              assert.equal(same.cxid, cxid)
              assert.ok(found.zxid > after)
              assert.deepEqual(found.body, same.body)
              assert.equal(found.err, same.err === 0 ? 0 : same.err)
            }
        const ofOne = writes.filter(({ session, cxid }) => session === one && cxid > 0)
        const last = ofOne.at(-1)
        if (last !== undefined && table.floor < last.zxid)
          assert.equal(table.find(one, last.cxid, last.zxid - 1).type, 'applied')
      }),
      { numRuns: 150 },
    )
  })
})
