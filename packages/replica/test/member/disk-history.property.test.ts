/** Whatever a member does and wherever the machine dies: it finds a part of one history, with all in it that was synced. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { Proposal } from '@quorate/consensus'
import { MemoryDisk } from '@quorate/log'
import { epochOf, makeZxid } from '@quorate/protocol'
import {
  proposal,
  randomOf,
  stateOf,
  streamOf,
  TestHistory,
  treeOf,
} from './disk-history-fixture.ts'

interface Action {
  readonly type: 'append' | 'complete' | 'sync' | 'roll' | 'truncate' | 'install' | 'crash' | 'kill'
  readonly count: number
}

function weighted(
  weight: number,
  type: Action['type'],
  countMax = 0,
): fc.WeightedArbitrary<Action> {
  return { weight, arbitrary: fc.record({ type: fc.constant(type), count: fc.nat(countMax) }) }
}

const anyAction: fc.Arbitrary<Action> = fc.oneof(
  weighted(10, 'append', 3),
  weighted(12, 'complete', 20),
  weighted(4, 'sync'),
  weighted(1, 'roll'),
  weighted(3, 'truncate', 12),
  weighted(3, 'install', 12),
  weighted(1, 'crash'),
  weighted(1, 'kill'),
)

test('a crash at any moment leaves one history, with all that was synced and not dropped', () => {
  fc.assert(
    fc.property(
      fc.array(anyAction, { minLength: 40, maxLength: 80, size: 'max' }),
      fc.integer(),
      (actions, seed) => {
        const run = new Run(seed)
        for (const one of actions) run.act(one)
        run.act({ type: 'crash', count: 0 })
      },
    ),
    { numRuns: 60 },
  )
})

class Run {
  readonly #disk: MemoryDisk
  #member!: TestHistory
  /** All that the member was given, in order. */
  #history: Proposal[] = []
  /** Of these so many were durable. */
  #durable = 0
  /** A truncation or installation under way: what the history may have become, down to how short. */
  #change: { readonly shortest: number; readonly other: Proposal[] | undefined } | undefined
  #isBusy = false
  /** Makes each transaction another one, so that no two histories are mistaken for each other. */
  #count = 0

  constructor(seed: number) {
    this.#disk = new MemoryDisk({ isQueued: true, random: randomOf(seed) })
    this.#start()
  }

  act(action: Action): void {
    switch (action.type) {
      case 'complete':
        for (let i = 0; i < action.count; i++) this.#disk.completeNext()
        break
      case 'crash':
      case 'kill':
        this.#disk[action.type]()
        this.#start()
        this.#judge()
        break
      default:
        // A member asks for nothing while its history changes.
        if (!this.#isBusy) this.#ask(action)
    }
    assert.deepEqual(this.#member.failures, [])
  }

  #ask(action: Action): void {
    const { history } = this.#member
    if (action.type === 'append') this.#append(action.count === 0)
    else if (action.type === 'sync') this.#sync()
    else if (action.type === 'roll') history.roll()
    else if (action.type === 'truncate') this.#truncate(action.count)
    else if (action.type === 'install') this.#install(action.count)
  }

  #append(startsEpoch: boolean): void {
    const next = this.#next(this.#history, startsEpoch)
    this.#history.push(next)
    this.#member.history.append(next)
  }

  #next(history: readonly Proposal[], startsEpoch: boolean): Proposal {
    const last = history.at(-1)?.zxid ?? 0
    const zxid = startsEpoch ? makeZxid(epochOf(last) + 1, 1) : last + 1
    return proposal(zxid, `branch ${this.#count++}`)
  }

  #sync(): void {
    const covered = this.#history.length
    this.#member.history.sync(() => {
      if (!this.#isBusy) this.#durable = Math.max(this.#durable, covered)
    })
  }

  #truncate(kept: number): void {
    const before = this.#history
    if (kept > before.length) return
    const { history } = this.#member
    this.#isBusy = true
    this.#change = { shortest: kept, other: undefined }
    history.truncate(before[kept - 1]?.zxid ?? 0, (isDone) => {
      this.#isBusy = false
      this.#change = undefined
      if (isDone) {
        this.#history = before.slice(0, kept)
        assert.equal(stateOf(history.tree), stateOf(treeOf(this.#history)))
      }
      this.#durable = this.#history.length
    })
  }

  /** A leader's history: so much of this one, and two more transactions or none. */
  #install(kept: number): void {
    const other = this.#history.slice(0, kept)
    if (kept % 3 > 0) {
      other.push(this.#next(other, true))
      other.push(this.#next(other, false))
    }
    const tree = treeOf(other)
    const stream = streamOf(tree)
    const receiver = this.#member.history.receiveState(tree.lastZxid)
    const half = stream.length >> 1
    receiver.push(stream, 0, half)
    if (kept % 4 === 3) return receiver.abort()
    receiver.push(stream, half, stream.length)
    this.#isBusy = true
    this.#change = { shortest: this.#durable, other }
    receiver.install(() => {
      this.#isBusy = false
      this.#change = undefined
      this.#history = other
      this.#durable = other.length
      assert.equal(stateOf(this.#member.history.tree), stateOf(tree))
    })
  }

  #start(): void {
    this.#member = new TestHistory(this.#disk, { logOptions: { preallocateBytes: 4_096 } })
    let isStarted = false
    this.#member.history.start(() => (isStarted = true))
    while (this.#disk.completeNext());
    assert.deepEqual(this.#member.failures, [])
    assert.ok(isStarted)
  }

  /** What was found must be a history that the member may have had; it goes on from there. */
  #judge(): void {
    const { tree, lastZxid } = this.#member.history
    const shortest = Math.min(this.#durable, this.#change?.shortest ?? Infinity)
    const found = stateOf(tree)
    assert.equal(tree.lastZxid, lastZxid)
    const candidates = [this.#history.filter(({ zxid }) => zxid <= lastZxid)]
    if (this.#change?.other !== undefined) candidates.push(this.#change.other)
    const [old] = candidates
    const match = candidates.find((one) => stateOf(treeOf(one)) === found)
    assert.ok(match !== undefined, `found ${found}, which no history comes to`)
    assert.ok(match !== old || match.length >= shortest, `${shortest} were synced`)
    this.#history = match
    this.#durable = match.length
    this.#change = undefined
    this.#isBusy = false
  }
}
