/** A learner is brought up to date in each way that there is, from a leader of the other kind. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { CreateMode, createRequest, OpCode, openAcl } from '@quorate/protocol'
import { Ensemble } from '../harness/ensemble.ts'
import type { EnsembleMember, KindName } from '../harness/ensemble-member.ts'
import { eventually } from '../harness/eventually.ts'
import { RawSession } from '../harness/raw-session.ts'
import { assertEqualTrees, assertNoDigestDiffers } from './equal-trees.ts'
import { mixedOptions } from './mixed-options.ts'
import { synchronisation } from './synchronisation-log.ts'

const timeout = 120_000
const longSessionMs = 120_000
const requestsAtOnce = 100

/** More than this many transactions a leader has to read from its disk. */
const commitLogCount = 500

const directions: readonly (readonly [leader: KindName, learner: KindName])[] = [
  ['apache', 'quorate'],
  ['quorate', 'apache'],
]

function childOf(path: string) {
  const fields = { data: Buffer.alloc(100, 'x'), acl: openAcl }
  return { path, ...fields, flags: CreateMode.persistent } as const
}

async function writeNodes(member: EnsembleMember, root: string, count: number): Promise<void> {
  const session = await RawSession.open(member.port, { timeOut: longSessionMs })
  assert.equal((await session.call(OpCode.create, createRequest, childOf(root))).err, 0)
  for (let done = 0; done < count; done += requestsAtOnce) {
    const some = Math.min(requestsAtOnce, count - done)
    for (let i = 0; i < some; i++)
      session.send(OpCode.create, createRequest, childOf(`${root}/${done + i}`))
    for (let i = 0; i < some; i++) assert.equal((await session.reply()).err, 0)
  }
  await session.close()
}

interface Away {
  /** Happens while the learner is down. */
  readonly meanwhile: (ensemble: Ensemble, learner: EnsembleMember) => Promise<void>
  readonly properties?: Readonly<Record<string, string>>
}

/** Server 3 leads, server 1 goes away and comes back. */
async function goAway([leaderKind, learnerKind]: readonly [KindName, KindName], away: Away) {
  const voters = [learnerKind, leaderKind, leaderKind]
  const properties = away.properties ?? {}
  const ensemble = await Ensemble.start(mixedOptions({ voters, properties }))
  try {
    const [leader, learner] = [ensemble.member(3), ensemble.member(1)]
    await writeNodes(leader, '/before', 20)
    await ensemble.awaitEqualZxids()
    await learner.stop()
    await away.meanwhile(ensemble, learner)
    const logStart = leader.log().length
    await learner.start()
    await learner.awaitServing('follower')
    await assertEqualTrees(ensemble)
    await writeNodes(learner, '/afterwards', 20)
    await assertEqualTrees(ensemble)
    await assertNoDigestDiffers(ensemble)
    return synchronisation(leader, learner, logStart)
  } finally {
    await ensemble.dispose()
  }
}

/** Whether the bytes are in a log file of the server. */
function hasLogged(member: EnsembleMember, text: string): boolean {
  const directory = join(member.dataDirectory, 'version-2')
  return readdirSync(directory)
    .filter((name) => name.startsWith('log.'))
    .some((name) => readFileSync(join(directory, name)).includes(text))
}

/**
 * Server 3 leads and logs a proposal that nobody else gets; it dies, the others elect a leader, and it comes back.
 * @param between happens while server 3 is down and the others serve
 */
async function comeBackWithAProposal(
  [leaderKind, learnerKind]: readonly [KindName, KindName],
  between: (ensemble: Ensemble) => Promise<void>,
) {
  const voters = [leaderKind, leaderKind, learnerKind]
  const ensemble = await Ensemble.start(mixedOptions({ voters }))
  try {
    const others = [ensemble.member(1), ensemble.member(2)]
    const old = ensemble.member(3)
    await writeNodes(old, '/before', 20)
    const session = await RawSession.open(old.port, { timeOut: longSessionMs })
    await ensemble.awaitEqualZxids()
    // They are killed as they stand: a proposal that has reached their sockets is never read.
    for (const other of others) other.suspend()
    session.send(OpCode.create, createRequest, childOf('/never-committed'))
    const wait = { what: 'the proposal to be logged', timeoutMs: 5_000 }
    await eventually(wait, () => hasLogged(old, '/never-committed') || undefined)
    await Promise.all([old.kill(), ...others.map((other) => other.kill())])
    session.abandon()
    for (const other of others) await other.start()
    const leader = await ensemble.awaitLeader()
    await ensemble.awaitServing()
    await between(ensemble)
    const logStart = leader.log().length
    await old.start()
    await old.awaitServing('follower')
    const tree = await assertEqualTrees(ensemble)
    assert.ok(tree.every(({ path }) => path !== '/never-committed'))
    await writeNodes(old, '/afterwards', 20)
    await assertEqualTrees(ensemble)
    await assertNoDigestDiffers(ensemble)
    return synchronisation(leader, old, logStart)
  } finally {
    await ensemble.dispose()
  }
}

for (const direction of directions)
  describe(`${direction[1]} learns from ${direction[0]}`, () => {
    test('nothing, when nothing has happened', { timeout }, async () => {
      const how = await goAway(direction, { meanwhile: () => Promise.resolve() })
      assert.equal(how, 'DIFF')
    })

    test('by DIFF, what the leader has in memory', { timeout }, async () => {
      const how = await goAway(direction, {
        meanwhile: (ensemble) => writeNodes(ensemble.member(2), '/meanwhile', 50),
      })
      assert.equal(how, 'DIFF')
    })

    test('by DIFF, what the leader has on its disk only', { timeout }, async () => {
      const how = await goAway(direction, {
        meanwhile: (ensemble) => writeNodes(ensemble.member(2), '/meanwhile', commitLogCount + 300),
      })
      assert.equal(how, 'DIFF')
    })

    test('by SNAP, when that was too much to read from the disk', { timeout }, async () => {
      const how = await goAway(direction, {
        properties: { 'zookeeper.snapshotSizeFactor': '-1' },
        meanwhile: (ensemble) => writeNodes(ensemble.member(2), '/meanwhile', commitLogCount + 300),
      })
      assert.equal(how, 'SNAP')
    })

    test('all of it by SNAP, when its disk is lost', { timeout }, async () => {
      const how = await goAway(direction, {
        // Ours would send all that ever happened from its log, where that reaches so far back.
        properties: { 'zookeeper.snapshotSizeFactor': '-1' },
        async meanwhile(ensemble, learner) {
          await writeNodes(ensemble.member(2), '/meanwhile', commitLogCount + 300)
          rmSync(join(learner.dataDirectory, 'version-2'), { recursive: true })
        },
      })
      assert.equal(how, 'SNAP')
    })

    test('by TRUNC, to drop a proposal that only it has', { timeout }, async () => {
      const how = await comeBackWithAProposal(direction, () => Promise.resolve())
      assert.equal(how, 'TRUNC')
    })

    test('to drop such a proposal when there is a new history', { timeout }, async () => {
      await comeBackWithAProposal(direction, (ensemble) =>
        writeNodes(ensemble.member(1), '/meanwhile', 50),
      )
    })
  })
