import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ConsensusEffects, StandaloneEngine } from '@quorate/consensus'
import { makeZxid, type Zxid } from '@quorate/protocol'
import * as fc from 'fast-check'

/** Writes down what an engine asks for. */
class Journal implements ConsensusEffects {
  readonly lines: string[] = []
  readonly appended: Zxid[] = []
  readonly delivered: Zxid[] = []
  syncing: Zxid | undefined
  durable: Zxid = 0

  append({ zxid }: { readonly zxid: Zxid }): void {
    this.lines.push(`append ${zxid}`)
    this.appended.push(zxid)
  }

  sync(upTo: Zxid): void {
    assert.equal(this.syncing, undefined, 'one sync is under way at a time')
    this.lines.push(`sync ${upTo}`)
    this.syncing = upTo
  }

  deliver({ zxid }: { readonly zxid: Zxid }): void {
    assert.ok(zxid <= this.durable, 'a proposal is delivered when it is durable')
    this.lines.push(`deliver ${zxid}`)
    this.delivered.push(zxid)
  }
}

function submit(engine: StandaloneEngine, zxid: Zxid = engine.nextZxid()): void {
  engine.submit({ zxid, bytes: new Uint8Array(0) })
}

function complete(engine: StandaloneEngine, journal: Journal): void {
  const upTo = journal.syncing!
  journal.syncing = undefined
  journal.durable = upTo
  engine.synced(upTo)
}

test('what is submitted in one turn, or during a sync, shares the next sync', () => {
  const journal = new Journal()
  const engine = new StandaloneEngine(0, journal)
  engine.turnEnded()
  submit(engine)
  submit(engine)
  engine.turnEnded()
  submit(engine)
  engine.turnEnded()
  complete(engine, journal)
  engine.turnEnded()
  complete(engine, journal)
  engine.turnEnded()
  assert.deepEqual(journal.lines, [
    'append 1',
    'append 2',
    'sync 2',
    'append 3',
    'deliver 1',
    'deliver 2',
    'sync 3',
    'deliver 3',
  ])
})

test('a proposal must carry the next zxid, which goes on from what was recovered', () => {
  const engine = new StandaloneEngine(makeZxid(3, 0xffff_ffff), new Journal())
  assert.equal(engine.role, 'leading')
  assert.equal(engine.nextZxid(), makeZxid(4, 0), 'the counter carries into the epoch')
  assert.throws(() => submit(engine, makeZxid(3, 0xffff_ffff)), /the next one is/)
  assert.throws(() => submit(engine, makeZxid(4, 1)), /the next one is/)
  submit(engine)
  assert.equal(engine.lastZxid, makeZxid(4, 0))
})

test('whatever the rhythm, everything is delivered once, in order, and only when it is durable', () => {
  const step = fc.constantFrom('submit', 'submit', 'turn', 'sync')
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const journal = new Journal()
      const engine = new StandaloneEngine(0, journal)
      for (const one of steps) {
        if (one === 'submit') submit(engine)
        else if (one === 'turn') engine.turnEnded()
        else if (journal.syncing !== undefined) complete(engine, journal)
      }
      for (engine.turnEnded(); journal.syncing !== undefined; engine.turnEnded())
        complete(engine, journal)
      assert.deepEqual(journal.delivered, journal.appended)
      assert.equal(journal.appended.length, steps.filter((one) => one === 'submit').length)
    }),
  )
})
