/** The cache against the tree: random changes, cut connections, and every copy that says it is exact. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import {
  array,
  assert as check,
  asyncProperty,
  constant,
  constantFrom,
  oneof,
  record,
  type Arbitrary,
} from 'fast-check'
import type { ZooKeeper, Zxid } from '@quorate/client'
import { startServer, type TestServer } from '@quorate/testkit'
import { type Cache, cache, type CacheChange } from '../../src/index.ts'

let server: TestServer
let writer: ZooKeeper
let count = 0

before(async () => {
  server = await startServer()
  writer = await server.client()
})
after(() => server.close())

const path = array(constantFrom('a', 'b', 'c'), { minLength: 0, maxLength: 3 }).map((names) =>
  names.map((name) => `/${name}`).join(''),
)

const step = oneof(
  { weight: 6, arbitrary: record({ type: constant('create' as const), path }) },
  { weight: 6, arbitrary: record({ type: constant('set' as const), path }) },
  { weight: 4, arbitrary: record({ type: constant('delete' as const), path }) },
  { weight: 3, arbitrary: record({ type: constant('replace' as const), path }) },
  { weight: 1, arbitrary: constant({ type: 'cut' as const, path: '' }) },
  { weight: 4, arbitrary: constant({ type: 'breathe' as const, path: '' }) },
  { weight: 1, arbitrary: constant({ type: 'sync' as const, path: '' }) },
)

type Step = typeof step extends Arbitrary<infer S> ? S : never
type Content = Readonly<Record<string, string>>

/** What the tree held after each transaction of the only one that changes it. */
class History {
  readonly #states: { readonly zxid: Zxid; readonly content: Content }[] = []

  record(zxid: Zxid, now: Content): void {
    this.#states.push({ zxid, content: now })
  }

  at(zxid: Zxid): Content {
    return this.#states.findLast((state) => state.zxid <= zxid)?.content ?? {}
  }
}

/** Makes each change if it is possible, and writes down what came of it. */
class Writer {
  readonly history = new History()
  readonly #root: string
  readonly #content = new Map<string, string>()
  #valueCount = 0

  constructor(root: string) {
    this.#root = root
  }

  async apply(what: Step): Promise<void> {
    const node = this.#root + what.path
    const value = `v${++this.#valueCount}`
    const isThere = this.#content.has(node)
    const hasChildren = [...this.#content.keys()].some((other) => other.startsWith(`${node}/`))
    const parent = node.slice(0, node.lastIndexOf('/'))
    const isCreatable = !isThere && (what.path === '' || this.#content.has(parent))
    if (what.type === 'create' && isCreatable) {
      await writer.create(node, value)
      this.#content.set(node, value)
    } else if (what.type === 'set' && isThere) {
      await writer.set(node, value)
      this.#content.set(node, value)
    } else if (what.type === 'delete' && isThere && !hasChildren) {
      await writer.delete(node)
      this.#content.delete(node)
    } else if (what.type === 'replace' && isThere && !hasChildren) {
      await writer.transaction().delete(node).create(node, value).commit()
      this.#content.set(node, value)
    } else return
    this.history.record(writer.lastZxid, Object.fromEntries(this.#content))
  }
}

function content(of: Cache<string>): Content {
  return Object.fromEntries([...of.nodes()].map(({ path: at, value }) => [at, value]))
}

/** Follows the changes from the beginning: what they make of nothing has to be the cache's content. */
async function replay(changes: AsyncIterable<CacheChange<string>>, into: Map<string, string>) {
  for await (const change of changes) {
    if (change.type === 'added') assert.ok(!into.has(change.path), `${change.path} added twice`)
    else if (change.type !== 'invalid') assert.equal(into.get(change.path), change.old?.value)
    if (change.type === 'removed') into.delete(change.path)
    else if (change.type !== 'invalid') into.set(change.path, change.node.value)
  }
}

/** Lets what has arrived be handled, and the cache look how far it has come. */
async function turns(amount: number): Promise<void> {
  for (let i = 0; i < amount; i++) await new Promise((resolve) => setImmediate(resolve))
}

test(
  'a cache that says it is exact is the tree at its transaction, and ends equal to the tree',
  { timeout: 120_000 },
  async () => {
    const reader = await server.client()
    let exactCount = 0
    await check(
      asyncProperty(array(step, { minLength: 5, maxLength: 60 }), async (steps) => {
        const root = `/property${++count}`
        const work = new Writer(root)
        const tree = cache(reader, root)
        const told = new Map<string, string>()
        const replayed = replay(tree.changes(), told)
        const looks: { readonly zxid: Zxid; readonly content: Content }[] = []
        const changes = tree.changes()
        const watching = (async () => {
          for await (const _ of changes)
            if (tree.isExact) looks.push({ zxid: tree.zxid, content: content(tree) })
        })()
        for (const what of steps) {
          if (what.type === 'cut') server.cutConnections(reader)
          else if (what.type === 'breathe') await turns(5)
          else if (what.type === 'sync') await tree.sync()
          else await work.apply(what)
          if (tree.isExact) looks.push({ zxid: tree.zxid, content: content(tree) })
        }
        const zxid = await tree.sync()
        assert.deepEqual(content(tree), work.history.at(zxid))
        await tree.close()
        await Promise.all([replayed, watching])
        assert.deepEqual(Object.fromEntries(told), content(tree))
        // Writes are written down when they are answered, the copies are looked at whenever: judge at the end.
        for (const look of looks) assert.deepEqual(look.content, work.history.at(look.zxid))
        exactCount += looks.length
      }),
      { numRuns: 60 },
    )
    assert.ok(exactCount > 100, `only ${exactCount} exact copies were seen`)
  },
)
