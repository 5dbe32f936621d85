/** The life of a session over links that break at any byte, servers that are silent or forget it, and impatient callers. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import {
  type Stat,
  type WatchedChange,
  type World,
  ZooKeeper,
  ZooKeeperError,
} from '../src/index.ts'
import { FakeWorld } from './support/fake-world.ts'
import { ModelServer } from './support/model-server.ts'

const timeout = 3_000
const paths = ['/a', '/b/c', '/b/d']

/** What was called, and what came of it. */
interface Seen {
  readonly kind: 'get' | 'set'
  readonly path: string
  /** What a set wrote: distinct for all calls. */
  readonly value: string
  readonly isWatched: boolean
  dueAtMs: number
  settledAtMs?: number
  wasLate?: boolean
  mzxid?: number
  error?: ZooKeeperError
  watchCalls: number
}

type Step =
  | { readonly do: 'get' | 'set'; readonly path: string; readonly watch: boolean }
  | { readonly do: 'limited'; readonly path: string; readonly deadlineMs: number }
  | { readonly do: 'aborted'; readonly path: string; readonly afterMs: number }
  | { readonly do: 'accept' | 'refuse' | 'expire' | 'leave' }
  | { readonly do: 'pump'; readonly count: number }
  | { readonly do: 'cut'; readonly toServer: number; readonly toClient: number }
  | { readonly do: 'advance' | 'stall'; readonly ms: number }
  | { readonly do: 'others'; readonly path: string }

const anyPath = fc.constantFrom(...paths)
const offset = fc.oneof(fc.nat(200), fc.constant(Infinity))
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constantFrom('get', 'set'), path: anyPath, watch: fc.boolean() }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('limited'), path: anyPath, deadlineMs: fc.nat(5_000) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('aborted'), path: anyPath, afterMs: fc.nat(2_000) }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('accept') }) },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('pump'), count: fc.integer({ min: 1, max: 8 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('refuse', 'leave') }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('expire') }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('cut'), toServer: offset, toClient: offset }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('advance'), ms: fc.nat(1_500) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('stall'), ms: fc.nat(6_000) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('others'), path: anyPath }) },
)

class Run {
  readonly server = new ModelServer(paths)
  readonly #fake = new FakeWorld()
  readonly world: World = {
    transport: this.server,
    clock: this.#fake.clock,
    random: { next: () => 0.5 },
    platform: this.#fake.platform,
  }
  readonly zk: ZooKeeper
  readonly calls: Seen[] = []
  /** The changes that the stream told, and the gaps. */
  readonly told: WatchedChange[] = []
  wasIdle = false
  readonly #stream: AsyncIterableIterator<WatchedChange>

  constructor(onExpired: 'end' | 'renew') {
    this.zk = new ZooKeeper('a:1', { timeout, onExpired }, this.world)
    this.#stream = this.zk.watch('/', { recursive: true })
    this.zk.on('state', ({ state }) => (this.wasIdle ||= state === 'idle'))
    void this.#follow()
  }

  async take(step: Step): Promise<void> {
    const link = this.server.link
    switch (step.do) {
      case 'get':
      case 'set':
        this.#call({ kind: step.do, path: step.path, isWatched: step.watch && step.do === 'get' })
        break
      case 'limited':
        this.#call({ kind: 'set', path: step.path, deadlineMs: step.deadlineMs })
        break
      case 'aborted':
        this.#call({ kind: 'set', path: step.path, abortAfterMs: step.afterMs })
        break
      case 'accept':
        link?.accept()
        break
      case 'refuse':
        link?.refuse()
        break
      case 'leave':
        // The next dial, or silence.
        await this.#fake.advance(timeout)
        break
      case 'expire':
        this.server.expireAll()
        break
      case 'pump':
        link?.pump(step.count)
        break
      case 'cut':
        link?.cutAfter(step)
        break
      case 'advance':
        await this.#fake.advance(step.ms)
        break
      case 'stall':
        this.#fake.stall(step.ms)
        // Nobody is on time who stands still.
        for (const call of this.calls) if (call.dueAtMs < this.#nowMs) call.dueAtMs = this.#nowMs
        break
      case 'others':
        this.server.set(step.path, `others ${this.server.zxid}`)
    }
    await this.#fake.settle()
  }

  /** The network is well again, for as long as everything takes. */
  async heal(): Promise<void> {
    for (let i = 0; i < 40; i++) {
      for (let j = 0; j < 3; j++) {
        this.server.link?.accept()
        this.server.link?.pump(1000)
        await this.#fake.settle()
      }
      await this.#fake.advance(timeout / 10)
    }
  }

  async close(): Promise<void> {
    const closed = this.zk.close({ deadlineMs: 100 })
    await this.#fake.advance(100)
    await closed
    assert.equal(this.#fake.alarmCount, 0, 'alarms are left')
  }

  get #nowMs(): number {
    return this.world.clock.nowMs()
  }

  #call(options: {
    readonly kind: 'get' | 'set'
    readonly path: string
    readonly isWatched?: boolean
    readonly deadlineMs?: number
    readonly abortAfterMs?: number
  }): void {
    const { kind, path, isWatched = false, deadlineMs, abortAfterMs } = options
    const seen: Seen = {
      kind,
      path,
      value: `call ${this.calls.length}`,
      isWatched,
      dueAtMs: this.#nowMs + Math.min(deadlineMs ?? Infinity, abortAfterMs ?? Infinity),
      watchCalls: 0,
    }
    this.calls.push(seen)
    const limits = {
      ...(deadlineMs === undefined ? {} : { deadlineMs }),
      ...(abortAfterMs === undefined ? {} : { signal: this.#abortedAfter(abortAfterMs) }),
    }
    const watch = isWatched ? { watch: (): void => void seen.watchCalls++ } : {}
    const call =
      kind === 'get'
        ? this.zk.getWithStat(path, { ...limits, ...watch }).then(({ stat }) => stat)
        : this.zk.set(path, seen.value, limits)
    void this.#settles(seen, call)
  }

  async #settles(seen: Seen, call: Promise<Stat>): Promise<void> {
    try {
      seen.mzxid = (await call).mzxid
    } catch (error) {
      seen.error = error as ZooKeeperError
    }
    seen.settledAtMs = this.#nowMs
    seen.wasLate = seen.settledAtMs > seen.dueAtMs + 50
  }

  #abortedAfter(ms: number): AbortSignal {
    const controller = new AbortController()
    this.world.clock.wakeAfter(ms, () => controller.abort())
    return controller.signal
  }

  async #follow(): Promise<void> {
    try {
      for await (const change of this.#stream) this.told.push(change)
    } catch (error) {
      assert.match((error as ZooKeeperError).code, /^(SessionExpired|ConnectionLoss)$/)
    }
  }
}

function checkCalls({ calls, server }: Run): void {
  for (const [i, call] of calls.entries()) {
    assert.ok(call.settledAtMs !== undefined, `call ${i} was never settled`)
    assert.ok(
      !call.wasLate,
      `call ${i} was due at ${call.dueAtMs}, and settled at ${call.settledAtMs}`,
    )
    if (call.kind === 'get') continue
    const times = server.applied.filter(({ value }) => value === call.value).length
    if (call.error === undefined) assert.equal(times, 1, `${call.value} was done`)
    else if (call.error.applied === 'no') assert.equal(times, 0, `${call.value} was not done`)
    else assert.ok(times <= 1, `${call.value} was done ${times} times`)
  }
  const order = server.applied
    .filter(({ value }) => value.startsWith('call'))
    .map(({ value }) => Number(value.slice('call '.length)))
  assert.deepEqual(
    order,
    order.toSorted((a, b) => a - b),
    'writes are carried out in the order of their calls',
  )
}

/**
 * A watch tells once that what was read has changed, and only then. It goes with a session that is not renewed; when no
 * server was found for a new session for its whole timeout, it may tell so without need.
 */
function checkWatches({ calls, server, zk, wasIdle }: Run): void {
  for (const call of calls) {
    if (!call.isWatched || call.error !== undefined) continue
    const hasChanged = server.nodes.get(call.path)!.mzxid > call.mzxid!
    if (hasChanged && zk.state === 'connected') assert.equal(call.watchCalls, 1, call.value)
    else assert.ok(call.watchCalls <= (hasChanged || wasIdle ? 1 : 0), call.value)
  }
}

/**
 * What a stream does not tell lies in a gap, and nothing is told twice. What one-shot watches of the same nodes are told
 * late, without a zxid, comes behind the gap.
 */
function checkStream({ told, server, zk }: Run): void {
  const changes = told.filter((change) => change.type !== 'gap' && change.zxid !== undefined)
  const zxids = changes.map((change) => zxidOf(change))
  assert.deepEqual(
    zxids,
    [...new Set(zxids)].toSorted((a, b) => a - b),
    'each change is told once, in order',
  )
  for (const [i, change] of changes.entries()) {
    const zxid = zxidOf(change)
    const next = changes[i + 1]
    if (next === undefined && zk.state !== 'connected') return
    const isMissed = ({ zxid: at }: { readonly zxid: number }): boolean =>
      at > zxid && at < (next === undefined ? Infinity : zxidOf(next))
    const between = told.slice(
      told.indexOf(change),
      next === undefined ? undefined : told.indexOf(next),
    )
    if (server.applied.some(isMissed))
      assert.ok(
        between.some(({ type }) => type === 'gap'),
        `changes after ${zxid} were missed without a gap`,
      )
  }
}

function zxidOf(change: WatchedChange): number {
  return change.type === 'gap' ? -1 : (change.zxid ?? -1)
}

describe('a session over links that break', () => {
  for (const onExpired of ['end', 'renew'] as const)
    it(`settles every call in time, in order, and loses or doubles no event (${onExpired})`, async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(anyStep, { maxLength: 60, size: 'max' }), async (steps) => {
          const run = new Run(onExpired)
          for (const next of steps) await run.take(next)
          await run.heal()
          if (onExpired === 'renew' && run.zk.sessionId !== undefined)
            assert.equal(run.zk.state, 'connected')
          checkCalls(run)
          checkWatches(run)
          checkStream(run)
          await run.close()
        }),
        { numRuns: 200 },
      )
    })
})
