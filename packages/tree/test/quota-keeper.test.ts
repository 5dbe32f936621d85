/** Quotas by way of the tree: what is used is counted on every server alike, and hard limits count proposals in flight. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  ErrorCode,
  JuteReader,
  JuteWriter,
  OpCode,
  utf8Decode,
  utf8Encode,
} from '@quorate/protocol'
import type { Tree } from '@quorate/tree'
import * as fc from 'fast-check'
import { parseImage } from './image-parser.ts'
import { assertSameTree, emptyTree, findNode, freshTree, Leader, picture } from './tree-fixture.ts'
import { openList } from './tree-steps.ts'

const limitsOf = (path: string): string => `/zookeeper/quota${path}/zookeeper_limits`
const statsOf = (path: string): string => `/zookeeper/quota${path}/zookeeper_stats`

class World {
  readonly leader: Leader
  readonly txns: Uint8Array[] = []
  #zxid = 0

  constructor(enforceQuota = false) {
    this.leader = new Leader(freshTree(), { enforceQuota })
  }

  /** Returns the code; the transaction stays in flight. */
  propose(type: number, path: string, data = ''): number {
    const context = { session: 1n, zxid: ++this.#zxid, timeMs: this.#zxid, identities: [] }
    const op = { type, path, data: utf8Encode(data), acl: openList }
    const { err, proposed } = this.leader.prepare(op, context)
    this.txns.push(proposed.bytes)
    return err
  }

  /** Proposes and applies. */
  do(type: number, path: string, data = ''): number {
    const err = this.propose(type, path, data)
    this.leader.apply()
    return err
  }

  create(path: string, data = ''): number {
    return this.do(OpCode.create, path, data)
  }

  /** As zkCli sets one. */
  setQuota(path: string, limits: string): void {
    let parent = '/zookeeper/quota'
    for (const name of path.slice(1).split('/')) {
      parent += `/${name}`
      if (findNode(this.leader.tree, parent) === -1) this.create(parent)
    }
    assert.equal(this.create(limitsOf(path), limits), ErrorCode.Ok)
    assert.equal(this.create(statsOf(path), 'count=0,bytes=0'), ErrorCode.Ok)
  }

  use(path: string): string {
    return useOf(this.leader.tree, path)
  }
}

function useOf(tree: Tree, path: string): string {
  return utf8Decode(picture(tree).get(statsOf(path))!.data!)
}

test('what is used is counted when a quota is set, and follows every change', () => {
  const world = new World()
  world.create('/q', 'four')
  world.create('/q/a', 'xx')
  world.create('/other', 'xxxxxxxx')
  world.setQuota('/q', 'count=10,bytes=100')
  assert.equal(world.use('/q'), 'count=2,bytes=6')
  world.create('/q/a/b', 'yyy')
  assert.equal(world.use('/q'), 'count=3,bytes=9')
  world.do(OpCode.setData, '/q/a', '')
  assert.equal(world.use('/q'), 'count=3,bytes=7')
  world.do(OpCode.setData, '/q', '123456')
  assert.equal(world.use('/q'), 'count=3,bytes=9')
  world.do(OpCode.delete, '/q/a/b')
  assert.equal(world.use('/q'), 'count=2,bytes=6')
})

test('the stats node changes in place: same version, same zxid', () => {
  const world = new World()
  world.create('/q')
  world.setQuota('/q', 'count=10,bytes=100')
  const before = picture(world.leader.tree).get(statsOf('/q'))!
  world.create('/q/a', 'x')
  const after = picture(world.leader.tree).get(statsOf('/q'))!
  assert.deepEqual({ ...after, data: null }, { ...before, data: null })
  assert.notDeepEqual(after.data, before.data)
})

test('a node counts for its nearest quota only', () => {
  const world = new World()
  for (const path of ['/q', '/q/in']) world.create(path, 'ab')
  world.setQuota('/q', 'count=10,bytes=100')
  world.setQuota('/q/in', 'count=10,bytes=100')
  world.create('/q/in/x', 'abc')
  assert.equal(world.use('/q/in'), 'count=2,bytes=5')
  world.create('/q/y', 'abcd')
  assert.match(world.use('/q'), /^count=3,bytes=8$/)
})

test('a loaded tree knows its quotas, and what they use', () => {
  const world = new World()
  for (const path of ['/q', '/q/a', '/q/a/b']) world.create(path, 'abc')
  world.setQuota('/q', 'count=4,bytes=100')
  const writer = new JuteWriter()
  const image = world.leader.tree.openImage()
  while (image.writeNext(writer, 1_000));
  const tree = emptyTree()
  const loader = tree.loader()
  parseImage(new JuteReader(writer.copy()), loader)
  loader.finish(image.zxid)
  assertSameTree(tree, world.leader.tree)
  world.create('/q/c', 'x')
  const bytes = world.txns.at(-1)!
  tree.apply(bytes, 0, bytes.length)
  assert.equal(useOf(tree, '/q'), 'count=4,bytes=10')
})

test('hard limits refuse what would exceed them, counting what is in flight', () => {
  const world = new World(true)
  world.create('/q')
  world.setQuota('/q', 'count=-1,bytes=-1=;byteHardLimit=10;countHardLimit=3')
  assert.equal(world.propose(OpCode.create, '/q/a', '12345'), ErrorCode.Ok)
  assert.equal(world.propose(OpCode.create, '/q/b', '1234567'), ErrorCode.QuotaExceeded)
  assert.equal(world.propose(OpCode.create, '/q/b', '12345'), ErrorCode.Ok)
  assert.equal(world.propose(OpCode.create, '/q/c'), ErrorCode.QuotaExceeded)
  assert.equal(world.propose(OpCode.create, '/q/b'), ErrorCode.NodeExists, 'comes before')
  assert.equal(world.propose(OpCode.delete, '/q/a'), ErrorCode.Ok)
  assert.equal(world.propose(OpCode.create, '/q/c', '123456'), ErrorCode.QuotaExceeded)
  assert.equal(world.propose(OpCode.create, '/q/c', '1'), ErrorCode.Ok)
  assert.equal(world.propose(OpCode.setData, '/q/c', '123456'), ErrorCode.QuotaExceeded)
  assert.equal(world.propose(OpCode.setData, '/q/c', '12345'), ErrorCode.Ok)
  world.leader.apply()
  assert.equal(world.use('/q'), 'count=3,bytes=10')
  assert.equal(world.create('/q/d'), ErrorCode.QuotaExceeded)
  world.do(OpCode.delete, limitsOf('/q'))
  assert.equal(world.create('/q/d'), ErrorCode.Ok, 'without limits nothing is refused')
})

test('soft limits refuse nothing, nor do hard ones that are not enforced', () => {
  const world = new World(true)
  world.create('/q')
  world.setQuota('/q', 'count=1,bytes=1')
  assert.equal(world.create('/q/a', '123'), ErrorCode.Ok)
  const lenient = new World(false)
  lenient.create('/q')
  lenient.setQuota('/q', 'count=-1,bytes=-1=;byteHardLimit=1;countHardLimit=1')
  assert.equal(lenient.create('/q/a', '123'), ErrorCode.Ok)
})

test('whatever happens, the stats say what there is, and every server has them', () => {
  const path = fc.constantFrom('/q', '/q/a', '/q/b', '/q/a/x', '/q/a/y', '/elsewhere')
  const quotaNode = fc.constantFrom(limitsOf('/q'), statsOf('/q'))
  const op = fc.oneof(
    {
      weight: 8,
      arbitrary: fc.tuple(
        fc.constantFrom<number>(OpCode.create, OpCode.delete, OpCode.setData),
        path,
        fc.nat(5).map((length) => 'd'.repeat(length)),
      ),
    },
    {
      weight: 2,
      arbitrary: fc.tuple(
        fc.constantFrom<number>(OpCode.create, OpCode.create, OpCode.delete),
        quotaNode,
        fc.constant('count=5,bytes=5'),
      ),
    },
  )
  fc.assert(
    fc.property(fc.array(op, { maxLength: 40, size: 'max' }), (ops) => {
      const world = new World()
      world.create('/zookeeper/quota/q')
      for (const [type, at, data] of ops) world.do(type, at, data)
      const nodes = picture(world.leader.tree)
      if (nodes.has(limitsOf('/q')) && nodes.has(statsOf('/q'))) {
        const counted = Array.from(nodes).filter(([at]) => at === '/q' || at.startsWith('/q/'))
        const bytes = counted.reduce((sum, [, { data }]) => sum + data!.length, 0)
        assert.equal(world.use('/q'), `count=${counted.length},bytes=${bytes}`)
      }
      const follower = freshTree()
      for (const txn of world.txns) follower.apply(txn, 0, txn.length)
      assertSameTree(follower, world.leader.tree)
    }),
    { numRuns: 200 },
  )
})
