/** An image is the tree as it was when it was opened, whatever happens while it is written. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Acl,
  encode,
  JuteReader,
  JuteWriter,
  OpCode,
  Perms,
  type SessionId,
  txn,
  type TxnBody,
  utf8Encode,
} from '@quorate/protocol'
import type { SnapshotImage, Tree } from '@quorate/tree'
import * as fc from 'fast-check'
import { parseImage } from './image-parser.ts'
import {
  digestOf,
  emptyTree,
  Leader,
  type NodePicture,
  picture,
  registers,
  take,
} from './tree-fixture.ts'
import { openList, step, type Step } from './tree-steps.ts'

/** What a tree is at one moment. */
interface Moment {
  readonly nodes: ReadonlyMap<string, NodePicture>
  readonly registers: unknown
  readonly digest: bigint
  readonly zxid: number
}

function momentOf(tree: Tree): Moment {
  return {
    nodes: picture(tree),
    registers: registers(tree),
    digest: digestOf(tree.digest),
    zxid: tree.lastZxid,
  }
}

/** Writes the image to its end, doing `between` after each slice, and loads what came out. */
function written(
  image: SnapshotImage,
  lengthTarget: number,
  between: (slice: number) => void,
): Tree {
  const writer = new JuteWriter()
  for (let slice = 0; image.writeNext(writer, lengthTarget); slice++) between(slice)
  const tree = emptyTree()
  const loader = tree.loader()
  const reader = new JuteReader(writer.copy())
  parseImage(reader, loader)
  assert.equal(reader.remaining, 0, 'the image ends with "/"')
  loader.finish(image.zxid)
  return tree
}

/** A leader whose steps get the next zxid. */
class Run {
  readonly leader = new Leader()
  #zxid = 0

  take(one: Step): void {
    if (one.kind !== 'apply') this.#zxid++
    take(this.leader, one, this.#zxid)
  }

  create(path: string, data = '', acl: readonly Acl[] = openList): void {
    this.#now({ type: OpCode.create, path, data: utf8Encode(data), acl })
  }

  delete(path: string): void {
    this.#now({ type: OpCode.delete, path })
  }

  setData(path: string, data: string): void {
    this.#now({ type: OpCode.setData, path, data: utf8Encode(data) })
  }

  setAcl(path: string, acl: readonly Acl[]): void {
    this.#now({ type: OpCode.setACL, path, acl })
  }

  #now(op: Parameters<Leader['prepare']>[0]): void {
    this.take({ kind: 'single', op, who: 3, session: 0 })
    assert.equal(this.leader.inFlight.length, 1)
    this.leader.apply()
  }
}

/** Amy's, and with another entry for each number. */
function ownAcl(i: number): readonly Acl[] {
  return [
    { perms: Perms.all, id: { scheme: 'digest', id: 'amy:hash' } },
    { perms: i, id: { scheme: 'digest', id: `u${i}:x` } },
  ]
}

const steps = fc.array(step, { maxLength: 60, size: 'max' })
const lengthTarget = fc.constantFrom(1, 1, 50, 150, 400, 10_000)

test('random changes between the slices leave the image as it was', () => {
  fc.assert(
    fc.property(steps, steps, fc.nat(4), lengthTarget, (before, meanwhile, perSlice, target) => {
      const run = new Run()
      for (const one of before) run.take(one)
      const expected = momentOf(run.leader.tree)
      const queue = [...meanwhile]
      const loaded = written(run.leader.tree.openImage(), target, () => {
        for (const one of queue.splice(0, perSlice)) run.take(one)
        run.leader.apply(perSlice)
      })
      assert.deepEqual(momentOf(loaded), expected)
    }),
    { numRuns: 100 },
  )
})

test('several images one after the other, of one tree', () => {
  fc.assert(
    fc.property(fc.array(steps, { minLength: 3, maxLength: 3 }), lengthTarget, (rounds, target) => {
      const run = new Run()
      for (const round of rounds) {
        const expected = momentOf(run.leader.tree)
        const queue = [...round]
        const loaded = written(run.leader.tree.openImage(), target, () => {
          for (const one of queue.splice(0, 2)) run.take(one)
          run.leader.apply(2)
        })
        assert.deepEqual(momentOf(loaded), expected)
        for (const one of queue) run.take(one)
        run.leader.apply()
      }
    }),
    { numRuns: 30 },
  )
})

test('ZOOKEEPER-3144: every ephemeral of an image has its session there, whatever begins and ends meanwhile', () => {
  const run = new Run()
  const { leader } = run
  run.take({ kind: 'createSession', session: 0 })
  const ephemeral = (path: string): void => {
    const op = { type: OpCode.create, path, acl: openList, flags: 1 }
    run.take({ kind: 'single', op, who: 3, session: path === '/later' ? 1 : 0 })
  }
  for (let i = 0; i < 20; i++) ephemeral(`/e${i}`)
  leader.apply()
  const before = momentOf(leader.tree)
  const restored = written(leader.tree.openImage(), 50, (slice) => {
    if (slice === 0) run.take({ kind: 'closeSession', session: 0 })
    if (slice === 1) run.take({ kind: 'createSession', session: 1 })
    if (slice === 2) ephemeral('/later')
    leader.apply()
  })
  assert.equal(leader.tree.ephemeralCount, 1, 'all of it took place')
  assert.deepEqual(momentOf(restored), before)
  for (const session of restored.ephemeralsBySession.keys())
    assert.ok(restored.timeoutMsBySession.has(session))
})

test('the node that comes next may be deleted, and its number used again', () => {
  const run = new Run()
  for (const path of ['/a', '/a/x', '/b', '/b/y', '/c']) run.create(path, path)
  const expected = momentOf(run.leader.tree)
  const loaded = written(run.leader.tree.openImage(), 1, (slice) => {
    if (slice !== 4) return
    for (const path of ['/a/x', '/a', '/b/y', '/b', '/c']) run.delete(path)
    for (const path of ['/n', '/n/m', '/n/m/o']) run.create(path, 'new')
    run.create('/a', 'again')
  })
  assert.deepEqual(momentOf(loaded), expected)
})

test('an ACL that nobody uses any more is still in the image that needs it', () => {
  const run = new Run()
  for (let i = 0; i < 60; i++) run.create(`/n${i}`, '', ownAcl(i))
  const expected = momentOf(run.leader.tree)
  const loaded = written(run.leader.tree.openImage(), 60, (slice) => {
    if (slice === 1) for (let i = 0; i < 60; i++) run.setAcl(`/n${i}`, openList)
  })
  assert.deepEqual(momentOf(loaded), expected)
})

test('an image that is closed early costs no later change anything', () => {
  const run = new Run()
  run.create('/a', 'x')
  const image = run.leader.tree.openImage()
  image.writeNext(new JuteWriter(), 1)
  image.close()
  image.close()
  run.setData('/a', 'y')
  run.delete('/a')
  const expected = momentOf(run.leader.tree)
  assert.deepEqual(momentOf(written(run.leader.tree.openImage(), 1, () => {})), expected)
})

test('a slice is about as long as was asked for', () => {
  const run = new Run()
  for (let i = 0; i < 100; i++) run.create(`/n${i}`, 'd'.repeat(100))
  const image = run.leader.tree.openImage()
  const lengths: number[] = []
  for (let more = true; more;) {
    const writer = new JuteWriter()
    more = image.writeNext(writer, 1_000)
    lengths.push(writer.position)
  }
  assert.ok(lengths.length > 10)
  assert.ok(Math.max(...lengths) < 1_400, `the longest slice has ${Math.max(...lengths)} bytes`)
})

test('a tree deeper than the stack can be changed during an image, and deleted by a replay', () => {
  const depth = 8_000
  const tree = emptyTree()
  const loader = tree.loader()
  const bytes = new Uint8Array(2 * depth + 60)
  bytes.set(utf8Encode('/a'.repeat(depth)))
  const add = (pathEnd: number): void => loader.addNode(bytes, 0, pathEnd, -1, -1, -1, 2 * depth)
  for (let level = 0; level <= depth; level++) add(2 * level)
  loader.finish(1)
  const image = tree.openImage()
  const header = { clientId: 0n as SessionId, cxid: 1, time: 1 }
  const apply = (zxid: number, body: TxnBody): void => {
    const whole = { header: { ...header, zxid, type: body.type }, body, digest: undefined }
    const encoded = encode(txn, whole)
    tree.apply(encoded, 0, encoded.length)
  }
  apply(2, { type: OpCode.setData, path: '/a'.repeat(depth), data: null, version: 1 })
  const loaded = written(image, 100_000, () => {})
  assert.equal(loaded.nodes.count, depth + 1)
  // Only a replay over a later snapshot deletes what has children.
  apply(3, { type: OpCode.delete, path: '/a' })
  assert.equal(tree.nodes.count, 1)
})
