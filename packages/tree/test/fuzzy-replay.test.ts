/**
 * Apache ZooKeeper writes its snapshots while transactions are applied, and restores by applying them again. What such a
 * snapshot holds of later transactions must not change where the replay ends.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Acl,
  ErrorCode,
  type Id,
  JuteReader,
  JuteWriter,
  OpCode,
  Perms,
  purePlatform,
  readAcl,
  utf8Encode,
} from '@quorate/protocol'
import { Tree, type TreeLoader } from '@quorate/tree'
import * as fc from 'fast-check'
import { parseImage } from './image-parser.ts'
import {
  assertSameTree,
  digestOf,
  freshTree,
  Leader,
  type NodePicture,
  picture,
  take,
} from './tree-fixture.ts'
import { openList, step } from './tree-steps.ts'

/** A tree whose digests may be wrong for a while: it has effects of transactions that it has not seen yet. */
function lenientTree(): Tree {
  return new Tree({ platform: purePlatform, extendedTypesEnabled: true })
}

/** Walks a tree as Apache does: a node is copied with the names of its children, then these one by one, if they are still there. */
class FuzzyWalk {
  readonly #tree: Tree
  readonly #loader: TreeLoader
  readonly #goOn: () => void
  /** The table of ACLs, which is written before the nodes. */
  readonly #acls: ReadonlySet<string>
  #aclId = 0

  constructor(tree: Tree, loader: TreeLoader, goOn: () => void) {
    this.#tree = tree
    this.#loader = loader
    this.#goOn = goOn
    this.#acls = new Set(Array.from(picture(tree).values(), ({ acl }) => JSON.stringify(acl)))
  }

  visit(path: string): void {
    const nodes = picture(this.#tree)
    const node = nodes.get(path)
    if (node === undefined) return
    const aclId = ++this.#aclId
    if (this.#acls.has(JSON.stringify(node.acl))) this.#loader.addAcl(aclId, node.acl)
    addNode(this.#loader, aclId, path, node)
    const prefix = path === '/' ? '/' : `${path}/`
    const children = Array.from(nodes.keys()).filter(
      (other) =>
        other !== '/' && other.startsWith(prefix) && !other.slice(prefix.length).includes('/'),
    )
    for (const child of children) {
      this.#goOn()
      this.visit(child)
    }
  }
}

test('a replay over a snapshot that was taken meanwhile ends in the same tree', () => {
  const steps = fc.array(step, { maxLength: 50, size: 'max' })
  fc.assert(
    fc.property(steps, fc.nat(50), fc.nat(3), (all, startAt, perNode) => {
      const leader = new Leader()
      all.forEach((one, i) => one.kind !== 'apply' && take(leader, one, i + 1))
      const txns = leader.inFlight.map(({ bytes }) => bytes)
      leader.apply()
      const applied: Uint8Array[] = []
      const queue = [...txns]
      const source = freshTree()
      const goOn = (count: number): void => {
        for (const bytes of queue.splice(0, count)) {
          source.apply(bytes, 0, bytes.length)
          applied.push(bytes)
        }
      }
      goOn(Math.min(startAt, txns.length))
      const start = applied.length
      const restored = lenientTree()
      const loader = restored.loader()
      const zxid = source.lastZxid
      for (const [id, timeoutMs] of source.timeoutMsBySession) loader.addSession(id, timeoutMs)
      new FuzzyWalk(source, loader, () => goOn(perNode)).visit('/')
      goOn(txns.length)
      loader.finish(zxid)
      for (const bytes of txns.slice(start)) restored.apply(bytes, 0, bytes.length)
      assertSameTree(restored, source)
      assert.deepEqual(restored.lostAclIds, [])
    }),
    { numRuns: 60 },
  )
})

test('a create whose node is there already raises its parent’s counters, and the digest follows', () => {
  const leader = new Leader()
  const context = { session: 1n, timeMs: 5, identities: [] }
  leader.prepare({ type: OpCode.create, path: '/p', acl: openList }, { ...context, zxid: 1 })
  leader.prepare({ type: OpCode.create, path: '/p/c', acl: openList }, { ...context, zxid: 2 })
  const [, second] = leader.inFlight.map(({ bytes }) => bytes)
  leader.apply()
  // The parent of before the create, the child of after it.
  const restored = lenientTree()
  const loader = restored.loader()
  const before = new Map(picture(leader.tree))
  before.set('/p', { ...before.get('/p')!, cversion: 0, pzxid: 1 })
  loadAll(loader, before)
  loader.finish(1)
  restored.apply(second, 0, second.length)
  assert.deepEqual(picture(restored).get('/p'), picture(leader.tree).get('/p'))
  assert.equal(digestOf(restored.digest), digestOf(leader.tree.digest))
})

test('ZOOKEEPER-3125, 3249: a parent’s counters never go back, not for an old create nor an old delete', () => {
  const leader = new Leader()
  const context = { session: 1n, timeMs: 5, identities: [] }
  leader.prepare({ type: OpCode.create, path: '/p', acl: openList }, { ...context, zxid: 1 })
  leader.prepare({ type: OpCode.create, path: '/p/c', acl: openList }, { ...context, zxid: 2 })
  leader.prepare({ type: OpCode.delete, path: '/p/c' }, { ...context, zxid: 3 })
  const txns = leader.inFlight.map(({ bytes }) => bytes)
  leader.apply()
  const restored = lenientTree()
  const loader = restored.loader()
  const later = new Map(picture(leader.tree))
  later.set('/p', { ...later.get('/p')!, cversion: 9, pzxid: 900 })
  loadAll(loader, later)
  loader.finish(1)
  for (const bytes of txns.slice(1)) restored.apply(bytes, 0, bytes.length)
  const parent = picture(restored).get('/p')!
  assert.deepEqual([parent.cversion, parent.pzxid], [9, 900])
})

test('ZOOKEEPER-3145: the end of a session touches the parent of an ephemeral that the snapshot lacks', () => {
  const leader = new Leader()
  const context = { session: 1n, timeMs: 5, identities: [] }
  leader.prepare({ type: OpCode.create, path: '/p', acl: openList }, { ...context, zxid: 1 })
  leader.apply()
  leader.prepare(
    { type: OpCode.create, path: '/p/mine', acl: openList, flags: 1 },
    { ...context, zxid: 2 },
  )
  const { proposed } = leader.prepareCloseSession({ ...context, zxid: 3 })
  leader.apply()
  // The parent as it is between the two, but no child: it is gone when the walk comes to it.
  const restored = lenientTree()
  const loader = restored.loader()
  const between = new Map(picture(leader.tree))
  between.set('/p', { ...between.get('/p')!, pzxid: 2 })
  loadAll(loader, between)
  loader.finish(2)
  restored.apply(proposed.bytes, 0, proposed.bytes.length)
  assert.equal(picture(restored).get('/p')?.pzxid, 3)
})

test('ZOOKEEPER-3127: an image that is opened inside of a multi is of before it, and the replay does all of it', () => {
  const leader = new Leader()
  const context = { session: 1n, timeMs: 5, identities: [] }
  leader.prepare({ type: OpCode.create, path: '/a', acl: openList }, { ...context, zxid: 1 })
  leader.apply()
  const ops = ['/a/1', '/a/2', '/b'].map((path) => ({ type: OpCode.create, path, acl: openList }))
  const { bytes } = leader.prepareMulti(ops, { ...context, zxid: 2 }).proposed
  const writer = new JuteWriter()
  let imageZxid = -1
  const path = utf8Encode('/a')
  leader.tree.watches.addChild(path, 0, path.length, {
    notify: () => {
      const image = leader.tree.openImage()
      imageZxid = image.zxid
      while (image.writeNext(writer, 1_000));
      image.close()
    },
  })
  leader.tree.apply(bytes, 0, bytes.length)
  assert.equal(imageZxid, 1)
  const restored = lenientTree()
  const loader = restored.loader()
  parseImage(new JuteReader(writer.copy()), loader)
  loader.finish(imageZxid)
  restored.apply(bytes, 0, bytes.length)
  assertSameTree(restored, leader.tree)
})

test('ZOOKEEPER-3306, 4846: ACLs that a replay counts anew outlive the nodes that came too early', () => {
  const leader = new Leader()
  const context = { session: 1n, timeMs: 5, identities: [] }
  const bobs: readonly Acl[] = [{ perms: Perms.all, id: { scheme: 'digest', id: 'bob:hash' } }]
  const creates = ['/kept', '/gone', '/changed'].map((path) => ({
    type: OpCode.create,
    path,
    acl: bobs,
  }))
  creates.forEach((op, i) => leader.prepare(op, { ...context, zxid: i + 1 }))
  leader.prepare(
    { type: OpCode.setACL, path: '/changed', acl: readAcl },
    { ...context, zxid: 4, identities: [bobs[0].id] },
  )
  leader.prepare({ type: OpCode.delete, path: '/gone' }, { ...context, zxid: 5 })
  const txns = leader.inFlight.map(({ bytes }) => bytes)
  leader.apply()
  // All of it is in the snapshot before its transactions are replayed, and one node's number stands for another list.
  const restored = lenientTree()
  const loader = restored.loader()
  const fuzzy = new Map(picture(leader.tree))
  fuzzy.set('/kept', { ...fuzzy.get('/kept')!, acl: openList })
  loadAll(loader, fuzzy)
  loader.finish(0)
  for (const bytes of txns) restored.apply(bytes, 0, bytes.length)
  assertSameTree(restored, leader.tree)
  const again = lenientTree()
  const writer = new JuteWriter()
  const image = restored.openImage()
  while (image.writeNext(writer, 1_000));
  image.close()
  const second = again.loader()
  parseImage(new JuteReader(writer.copy()), second)
  second.finish(image.zxid)
  assertSameTree(again, leader.tree)
})

test('ZOOKEEPER-4846: a node whose ACL the table lacks is open to nobody until its own transaction comes', () => {
  const leader = new Leader()
  const context = { session: 1n, timeMs: 5, identities: [] }
  const names = ['/created', '/set', '/never']
  for (const [i, path] of names.entries())
    leader.prepare({ type: OpCode.create, path, acl: openList }, { ...context, zxid: i + 1 })
  leader.prepare({ type: OpCode.setACL, path: '/set', acl: readAcl }, { ...context, zxid: 4 })
  const [create, , , setAcl] = leader.inFlight.map(({ bytes }) => bytes)
  leader.apply()
  const restored = new Leader(lenientTree())
  const { tree } = restored
  const loader = tree.loader()
  const nodes = picture(leader.tree)
  for (const [i, path] of ['/', '/zookeeper', '/zookeeper/quota'].entries()) {
    loader.addAcl(i + 1, openList)
    addNode(loader, i + 1, path, nodes.get(path)!)
  }
  for (const [i, path] of names.entries()) addNode(loader, i + 11, path, nodes.get(path)!)
  loader.finish(0)
  assert.deepEqual(tree.lostAclIds, [11, 12, 13])
  const set = (path: string, identities: readonly Id[] = []): number =>
    restored.prepare({ type: OpCode.setData, path }, { ...context, identities, zxid: 9 }).err
  assert.deepEqual(
    names.map((path) => set(path)),
    Array(3).fill(ErrorCode.NoAuth),
  )
  assert.equal(set('/never', [{ scheme: 'super', id: '' }]), ErrorCode.Ok)
  // A new list does not get the number of a lost one.
  tree.apply(create, 0, create.length)
  tree.apply(setAcl, 0, setAcl.length)
  assert.deepEqual(tree.lostAclIds, [13])
  assert.deepEqual(picture(tree).get('/created')!.acl, openList)
  assert.deepEqual(picture(tree).get('/set')!.acl, readAcl)
  assert.equal(set('/never'), ErrorCode.NoAuth)
})

function loadAll(loader: TreeLoader, nodes: ReadonlyMap<string, NodePicture>): void {
  Array.from(nodes).forEach(([path, node], i) => {
    loader.addAcl(i + 1, node.acl)
    addNode(loader, i + 1, path, node)
  })
}

function addNode(loader: TreeLoader, aclId: number, path: string, node: NodePicture): void {
  const bytes = new JuteWriter()
  bytes.writeBytes(utf8Encode(path === '/' ? '' : path))
  const pathEnd = bytes.position
  bytes.writeBytes(node.data ?? new Uint8Array(0))
  const dataEnd = bytes.position
  for (const long of [node.czxid, node.mzxid, node.ctime, node.mtime]) bytes.writeLong(long)
  for (const int of [node.version, node.cversion, node.aversion]) bytes.writeInt(int)
  bytes.writeLongBits(node.owner)
  bytes.writeLong(node.pzxid)
  const dataStart = node.data === null ? -1 : pathEnd
  loader.addNode(bytes.copy(), 0, pathEnd, dataStart, dataEnd, aclId, dataEnd)
}
