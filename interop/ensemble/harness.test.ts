/** The harness for ensembles itself, proven with Apache's servers alone. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { CreateMode, createRequest, OpCode, openAcl } from '@quorate/protocol'
import { Ensemble } from '../harness/ensemble.ts'
import { RawSession } from '../harness/raw-session.ts'

const timeout = 120_000

async function create(port: number, path: string): Promise<void> {
  const session = await RawSession.open(port)
  const request = { path, data: null, acl: openAcl, flags: CreateMode.persistent }
  assert.equal((await session.call(OpCode.create, createRequest, request)).err, 0)
  await session.close()
}

describe('an ensemble of three Apache servers in the harness', () => {
  let ensemble: Ensemble
  before(async () => {
    ensemble = await Ensemble.start({ voters: ['apache', 'apache', 'apache'] })
  })
  after(() => ensemble.dispose())

  test('is led by the highest id of the first to vote', { timeout }, async () => {
    assert.equal((await ensemble.awaitLeader()).id, 3)
    const states = await Promise.all(ensemble.members.map((member) => member.state()))
    assert.deepEqual(
      states.map((state) => state?.mode),
      ['follower', 'follower', 'leader'],
    )
  })

  test('shows equal zxids after a write', { timeout }, async () => {
    await create(ensemble.member(1).port, '/written')
    const zxid = await ensemble.awaitEqualZxids()
    assert.ok(zxid & 0xffff_ffffn)
  })

  test('goes on without a leader that was killed, and takes it back', { timeout }, async () => {
    const old = await ensemble.awaitLeader()
    await old.kill()
    const next = await ensemble.awaitLeader()
    assert.notEqual(next.id, old.id)
    await create(next.port, '/without')
    await old.start()
    await old.awaitServing('follower')
    await ensemble.awaitEqualZxids()
    assert.match(old.log(), /Getting a (diff from the|snapshot from) leader|Truncating log/)
  })

  test('goes on without a leader that stands still', { timeout }, async () => {
    const old = await ensemble.awaitLeader()
    old.suspend()
    assert.equal(await old.state(), undefined)
    const next = await ensemble.awaitLeader()
    assert.notEqual(next.id, old.id)
    old.resume()
    await old.awaitServing('follower')
  })

  test('leaves nothing behind', { timeout }, async () => {
    await ensemble.dispose()
    assert.deepEqual(ensemble.running, [])
    assert.equal(existsSync(ensemble.member(1).settings.directory), false)
  })
})
