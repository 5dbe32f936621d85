/** The real tree, by way of prepared and applied transactions, does what the naive one does. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorCode, OpCode, type TxnBody, utf8Encode } from '@quorate/protocol'
import { type Tree } from '@quorate/tree'
import * as fc from 'fast-check'
import { isSessionOwner, type NaiveContext, type NaiveOp, NaiveTree } from './naive-tree.ts'
import { openList, people, sessions, step, type Step } from './tree-steps.ts'
import {
  assertSameTree,
  decodeTxn,
  digestOf,
  freshTree,
  Leader,
  picture,
  type PrepareOutcome,
  registers,
} from './tree-fixture.ts'

/** One leader, the model that runs ahead of it, and a follower that gets bytes only. */
class Run {
  readonly leader = new Leader()
  readonly model = new NaiveTree()
  readonly txns: Uint8Array[] = []
  #zxid = 0

  take(one: Step): void {
    switch (one.kind) {
      case 'apply':
        this.leader.apply(one.count)
        return
      case 'single': {
        const context = this.#context(one.session, one.who)
        const outcome = this.leader.prepare(one.op, context)
        const expected = this.model.write(one.op, context)
        assert.equal(outcome.err, expected.err, describe(one.op))
        const { body } = this.#record(outcome, expected.err === ErrorCode.Ok)
        if (expected.path !== undefined) assert.equal('path' in body && body.path, expected.path)
        return
      }
      case 'multi':
        this.#multi(one.ops, this.#context(one.session, one.who))
        return
      case 'closeSession': {
        const context = this.#context(one.session, 0)
        const { body } = this.#record(this.leader.prepareCloseSession(context), true, () =>
          this.model.closeSession(context).toSorted(),
        )
        assert.equal(body.type, OpCode.closeSession)
        return
      }
      case 'createSession':
        this.#record(this.leader.prepareCreateSession(4_000, this.#context(one.session, 0)), true)
        return
      case 'deleteContainer': {
        const context = this.#context(0, 0)
        const outcome = this.leader.prepareDeleteContainer(one.path, context)
        assert.equal(outcome.err, this.model.deleteContainer(one.path, context), one.path)
        this.#record(outcome, outcome.err === ErrorCode.Ok)
      }
    }
  }

  finish(): void {
    this.leader.apply()
    const { tree } = this.leader
    assert.deepEqual(picture(tree), this.model.nodes)
    assert.equal(digestOf(tree.digest), this.model.digest())
    assert.equal(tree.lastZxid, this.#zxid)
    this.#checkRegisters(tree)
    const follower = freshTree()
    for (const bytes of this.txns) follower.apply(bytes, 0, bytes.length)
    assertSameTree(follower, tree)
  }

  #multi(ops: readonly NaiveOp[], context: NaiveContext): void {
    const outcome = this.leader.prepareMulti(ops, context)
    const expected = this.model.multi(ops, context)
    const { body } = this.#record(outcome, true)
    assert.ok(body.type === OpCode.multi)
    const failure = expected.findIndex(({ err }) => err !== ErrorCode.Ok)
    const found = body.txns.map((txn, i) => [txn.type, txn.type === OpCode.error ? txn.err : 0, i])
    const wanted = expected.map(({ err }, i) => [
      failure !== -1 && i >= failure ? OpCode.error : ops[i].type,
      err,
      i,
    ])
    assert.deepEqual(found, wanted, ops.map(describe).join('; '))
  }

  /** Every transaction carries the digest that the model has after it, however many are in flight. */
  #record(
    { proposed }: PrepareOutcome,
    hasDigest: boolean,
    closedPaths?: () => readonly string[],
  ): { readonly body: TxnBody } {
    const found = decodeTxn(proposed.bytes)
    const paths = closedPaths?.()
    if (paths !== undefined && found.body.type === OpCode.closeSession)
      assert.deepEqual(found.body.paths2Delete?.toSorted(), paths)
    this.txns.push(proposed.bytes)
    assert.equal(found.header.zxid, this.#zxid)
    const digest = found.digest && BigInt.asUintN(64, found.digest.treeDigest)
    assert.equal(digest, hasDigest ? this.model.digest() : undefined)
    return found
  }

  #context(ofSession: number, person: number): NaiveContext {
    this.#zxid++
    return {
      session: sessions[ofSession],
      zxid: this.#zxid,
      timeMs: 1_000 + this.#zxid * 3,
      identities: people[person],
    }
  }

  #checkRegisters(tree: Tree): void {
    const owned = Array.from(this.model.nodes).filter(([, { owner }]) => owner !== 0n)
    const paths = (isWanted: (owner: bigint) => boolean): string[] =>
      owned.flatMap(([at, { owner }]) => (isWanted(owner) ? [at] : [])).toSorted()
    const expected = {
      containers: paths((owner) => owner === 1n << 63n),
      ttlNodes: paths((owner) => owner !== 1n << 63n && !isSessionOwner(owner)),
      ephemerals: sessions
        .map((id) => [id, paths((owner) => owner === id)] as const)
        .filter(([, found]) => found.length > 0)
        .toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
      ephemeralCount: paths(isSessionOwner).length,
    }
    assert.deepEqual(
      { ...(registers(tree) as object), sessions: undefined },
      { ...expected, sessions: undefined },
    )
  }
}

function describe(op: NaiveOp): string {
  return JSON.stringify({ ...op, data: op.data?.length })
}

test('prepare and apply do what a map of objects does, with any number of proposals in flight', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 150, size: 'max' }), (steps) => {
      const run = new Run()
      for (const one of steps) run.take(one)
      run.finish()
    }),
    { numRuns: 150 },
  )
})

test('a long run over few paths, with everything applied late', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 400, maxLength: 600, size: 'max' }), (steps) => {
      const run = new Run()
      for (const one of steps) if (one.kind !== 'apply' || one.count === 6) run.take(one)
      run.finish()
    }),
    { numRuns: 8 },
  )
})

test('a failed multi with long and sequential names leaves nothing behind', () => {
  const run = new Run()
  const big = 'n'.repeat(300)
  const open = openList
  const ops: NaiveOp[] = [
    { type: 1, path: `/${big}-`, data: utf8Encode('x'), acl: open, flags: 2 },
    { type: 1, path: '/s-', acl: open, flags: 2 },
    { type: 1, path: '/s-', acl: open, flags: 3 },
    { type: 2, path: '/missing' },
  ]
  run.take({ kind: 'multi', ops, who: 0, session: 0 })
  run.take({ kind: 'multi', ops: ops.slice(0, 3), who: 0, session: 0 })
  run.take({ kind: 'closeSession', session: 0 })
  run.finish()
})
