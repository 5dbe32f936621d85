/**
 * Several sessions on a disk that syncs when it likes, against the naive tree: every write has the outcome of its place in the
 * order, every read shows the moment right behind the writes it waited for, and each session gets its answers in order.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  createRequest,
  decode,
  ErrorCode,
  OpCode,
  openAcl,
  pathRecord,
  pathVersionRequest,
  pathWatchRequest,
  setDataRequest,
  stat,
} from '@quorate/protocol'
import * as fc from 'fast-check'
import {
  type NaiveContext,
  type NaiveOp,
  type NaiveResult,
  NaiveTree,
} from '../../tree/test/naive-tree.ts'
import { digestOf, picture } from '../../tree/test/tree-fixture.ts'
import { noRecord, type TestClient, TestReplica } from './replica-fixture.ts'

type Action =
  | { readonly kind: 'write'; readonly who: number; readonly op: NaiveOp }
  | { readonly kind: 'read'; readonly who: number; readonly path: string }
  | { readonly kind: 'close'; readonly who: number }
  | { readonly kind: 'sync' }

const path = fc.constantFrom('/a', '/b', '/a/x', '/a/y', '/b/x', '/c')
const who = fc.nat(2)
const op: fc.Arbitrary<NaiveOp> = fc.oneof(
  fc.record({
    type: fc.constant(OpCode.create),
    path,
    data: fc.uint8Array({ maxLength: 4 }),
    acl: fc.constant(openAcl),
    flags: fc.constantFrom(0, 0, 1, 2, 3),
  }),
  fc.record({ type: fc.constant(OpCode.delete), path, version: fc.constantFrom(-1, 0) }),
  fc.record({
    type: fc.constant(OpCode.setData),
    path,
    data: fc.uint8Array({ maxLength: 4 }),
    version: fc.constantFrom(-1, 0, 1),
  }),
)
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('write' as const), who, op }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('read' as const), who, path }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('sync' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('close' as const), who }) },
)

/** What a session waits for, in order. */
interface Expected {
  readonly xid: number
  /** The write's zxid, or that of the write which a read waits for. */
  readonly zxid: number
  readonly check: (reply: { readonly err: number; readonly body: Uint8Array }) => void
}

/** A write in the order of its zxid, for the model. */
interface Ordered {
  readonly context: NaiveContext
  readonly run: (model: NaiveTree, context: NaiveContext) => NaiveResult
}

class Seat {
  client: TestClient
  session: bigint
  expected: Expected[] = []

  constructor(world: TestReplica) {
    this.client = world.client()
    this.session = this.client.connect().sessionId
  }
}

class Run {
  readonly world = new TestReplica()
  readonly model = new NaiveTree()
  readonly #ordered: Ordered[] = []
  readonly #results = new Map<number, NaiveResult>()
  readonly #seats: Seat[]
  #isSyncing = false

  constructor() {
    this.#seats = [0, 1, 2].map(() => new Seat(this.world))
    this.world.isDiskImmediate = false
  }

  take(one: Action): void {
    this.world.wallMs++
    if (one.kind === 'sync') this.#sync()
    else if (one.kind === 'write') this.#write(this.#seats[one.who], one.op)
    else if (one.kind === 'read') this.#read(this.#seats[one.who], one.path)
    else this.#close(one.who)
  }

  finish(): void {
    while (this.#isSyncing) this.#sync()
    for (const seat of this.#seats) assert.deepEqual(seat.expected, [])
    assert.deepEqual(picture(this.world.tree), this.model.nodes)
    assert.equal(digestOf(this.world.tree.digest), this.model.digest())
  }

  #write(seat: Seat, one: NaiveOp): void {
    const context = this.#order(seat, (model, at) => model.write(one, at))
    const { client } = seat
    const { path: at, data = null, acl = null, flags = 0, version = -1 } = one
    const xid =
      one.type === OpCode.create
        ? client.send(one.type, createRequest, { path: at, data, acl, flags })
        : one.type === OpCode.delete
          ? client.send(one.type, pathVersionRequest, { path: at, version })
          : client.send(one.type, setDataRequest, { path: at, data, version })
    this.#expect(seat, xid, context.zxid, ({ err, body }) => {
      const result = this.#results.get(context.zxid)!
      assert.equal(err, result.err)
      if (result.path !== undefined) assert.equal(decode(pathRecord, body).path, result.path)
    })
  }

  #read(seat: Seat, at: string): void {
    const xid = seat.client.send(OpCode.exists, pathWatchRequest, { path: at, watch: false })
    const zxid = seat.expected.at(-1)?.zxid ?? 0
    this.#expect(seat, xid, zxid, ({ err, body }) => {
      const node = this.model.nodes.get(at)
      assert.equal(err, node === undefined ? ErrorCode.NoNode : ErrorCode.Ok, at)
      if (node === undefined) return
      const found = decode(stat, body)
      const children = this.model.childrenOf(at).length
      assert.deepEqual(
        [found.czxid, found.mzxid, found.pzxid, found.version, found.ctime, found.mtime],
        [node.czxid, node.mzxid, node.pzxid, node.version, node.ctime, node.mtime],
      )
      assert.deepEqual(
        [
          found.cversion,
          found.numChildren,
          found.dataLength,
          BigInt.asUintN(64, found.ephemeralOwner),
        ],
        [2 * node.cversion - children, children, node.data?.length, node.owner],
      )
    })
    if (zxid === 0) this.#answer(seat, 0)
  }

  /** The session ends; another one takes its seat when that is done. */
  #close(index: number): void {
    const seat = this.#seats[index]
    const context = this.#order(seat, (model, at) => {
      model.closeSession(at)
      return { err: ErrorCode.Ok }
    })
    const xid = seat.client.send(OpCode.closeSession, noRecord, {})
    this.#expect(seat, xid, context.zxid, ({ err }) => assert.equal(err, ErrorCode.Ok))
    while (this.#isSyncing) this.#sync()
    assert.equal(seat.client.isClosed, true)
    this.world.isDiskImmediate = true
    this.#seats[index] = new Seat(this.world)
    this.world.isDiskImmediate = false
  }

  #order(seat: Seat, run: Ordered['run']): NaiveContext {
    const context = {
      session: seat.session,
      zxid: this.world.txns.length + 1,
      timeMs: this.world.wallMs,
      identities: [],
    }
    this.#ordered.push({ context, run })
    return context
  }

  #expect(seat: Seat, xid: number, zxid: number, check: Expected['check']): void {
    seat.expected.push({ xid, zxid, check })
    if (zxid > 0) this.#isSyncing = true
  }

  /** The disk is done: what was appended before the sync began is applied, one write after the other. */
  #sync(): void {
    if (!this.#isSyncing) return
    this.world.completeSync()
    const { lastZxid } = this.world.replica
    const replies = this.#seats.map(({ client }) => client.takeReplies())
    while (this.#ordered[0] !== undefined && this.#ordered[0].context.zxid <= lastZxid) {
      const { context, run } = this.#ordered.shift()!
      this.#results.set(context.zxid, run(this.model, context))
      this.#seats.forEach((seat, i) => this.#check(seat, context.zxid, replies[i]))
    }
    assert.deepEqual(replies.flat(), [], 'answers that nobody waits for')
    this.#isSyncing = this.#ordered.length > 0
  }

  #answer(seat: Seat, zxid: number): void {
    const replies = seat.client.takeReplies()
    this.#check(seat, zxid, replies)
    assert.deepEqual(replies, [])
  }

  /** Takes from the front what a session must have been told once the write `zxid` is applied. */
  #check(seat: Seat, zxid: number, replies: ReturnType<TestClient['takeReplies']>): void {
    while (seat.expected[0] !== undefined && seat.expected[0].zxid <= zxid) {
      const { xid, check } = seat.expected.shift()!
      const reply = replies.shift()
      assert.ok(reply !== undefined)
      assert.equal(reply.xid, xid)
      check(reply)
    }
  }
}

test('sessions on a slow disk see one history', () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 120, size: 'max' }), (actions) => {
      const run = new Run()
      for (const one of actions) run.take(one)
      run.finish()
    }),
    { numRuns: 120 },
  )
})
