/**
 * Moves an ensemble of three Apache servers to ours and back, server by server, under load, with a kill -9 in each step.
 *
 * Checked: every acknowledged write is there; no session that was heard of in time was lost; the trees are equal through
 * every member's client port at the end, and what nobody has touched is as it was; Apache's members never find another
 * digest than their leader's; containers and nodes with a time to live go.
 *
 * The seed decides the order of the servers, whom a kill -9 hits, and when in the step; how far the servers are then is
 * the machine's affair.
 */
import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { Random } from '../../differential/random.ts'
import { Ensemble } from '../../harness/ensemble.ts'
import type { EnsembleMember, KindName } from '../../harness/ensemble-member.ts'
import { eventually } from '../../harness/eventually.ts'
import { RawSession } from '../../harness/raw-session.ts'
import { writeSampleTree } from '../../interchange/sample-tree.ts'
import { dumpTree, type NodeDump } from '../../interchange/tree-dump.ts'
import { assertEqualTrees, assertNoDigestDiffers } from '../equal-trees.ts'
import { mixedOptions, superUser } from '../mixed-options.ts'
import { KazooLoad, type LoadReport } from './kazoo-load.ts'
import { awaitShortLivedGone, leaveShortLived, prepareShortLived } from './short-lived-nodes.ts'

export interface MigrationRun {
  readonly seed: number
  readonly print: (line: string) => void
}

export interface MigrationResult extends LoadReport {
  readonly nodeCount: number
  readonly kills: number
}

/** Longer than a run: these sessions are silent and may not expire. */
const silentSessionMs = 300_000

/** When in a step somebody is killed. */
const moments = [
  'instead of stopping',
  'while it is down',
  'while it starts',
  'afterwards',
] as const

const startDelayMaxMs = 1_500
const settleMaxMs = 1_000

export async function runMigration({ seed, print }: MigrationRun): Promise<MigrationResult> {
  const random = new Random(seed)
  const ensemble = await Ensemble.start(
    mixedOptions({
      voters: ['apache', 'apache', 'apache'],
      properties: { 'znode.container.checkIntervalMs': '2000' },
    }),
  )
  let load: KazooLoad | undefined
  try {
    const untouched = await writeUntouched(ensemble.member(1).port)
    await prepareShortLived(ensemble.member(1).port)
    load = await KazooLoad.start(ensemble.connectString)
    const migration = new Migration(ensemble, random, print)
    await migration.moveAll('quorate')
    await migration.moveAll('apache')
    const report = await load.end()
    const nodeCount = await verify(ensemble, report, untouched)
    return { ...report, nodeCount, kills: migration.kills }
  } finally {
    await load?.dispose()
    await ensemble.dispose()
  }
}

class Migration {
  readonly #ensemble: Ensemble
  readonly #random: Random
  readonly #print: (line: string) => void
  kills = 0

  constructor(ensemble: Ensemble, random: Random, print: (line: string) => void) {
    this.#ensemble = ensemble
    this.#random = random
    this.#print = print
  }

  async moveAll(kind: KindName): Promise<void> {
    const left = [...this.#ensemble.members]
    while (left.length > 0) {
      const [member] = left.splice(this.#random.below(left.length), 1)
      await this.#move(member!, kind)
    }
  }

  async #move(member: EnsembleMember, kind: KindName): Promise<void> {
    const moment = this.#random.pick(moments)
    const role = (await member.state())?.mode
    this.#print(`  ${member.name}, ${role}, becomes ${kind}; a kill -9 ${moment}`)
    if (moment === 'instead of stopping') await this.#kill(member)
    else await member.stop()
    member.become(kind)
    if (moment === 'while it is down') await this.#killAndRestart(this.#anyRunning())
    await member.start()
    if (moment === 'while it starts') await this.#killWhileStarting(member)
    await this.#awaitWhole()
    if (moment === 'afterwards') await this.#killAndRestart(this.#anyRunning())
    await this.#awaitWhole()
    await leaveShortLived(member.port, `${member.id}-${kind}`)
    await delay(this.#random.below(settleMaxMs))
    await assertNoDigestDiffers(this.#ensemble)
  }

  async #killWhileStarting(member: EnsembleMember): Promise<void> {
    await delay(this.#random.below(startDelayMaxMs))
    await this.#killAndRestart(this.#random.chance(0.5) ? member : this.#anyRunning())
  }

  async #killAndRestart(member: EnsembleMember): Promise<void> {
    this.#print(`    killing ${member.name}, ${(await member.state())?.mode ?? 'not serving'}`)
    await this.#kill(member)
    await member.start()
  }

  async #kill(member: EnsembleMember): Promise<void> {
    this.kills++
    await member.kill()
  }

  #anyRunning(): EnsembleMember {
    return this.#random.pick(this.#ensemble.running)
  }

  async #awaitWhole(): Promise<void> {
    await this.#ensemble.awaitLeader()
    await this.#ensemble.awaitServing()
  }
}

interface Untouched {
  readonly owner: RawSession
  readonly nodes: readonly NodeDump[]
}

const untouchedRoot = '/untouched'

/** Nodes of every kind, with ephemerals of a session that is silent from now on. */
async function writeUntouched(port: number): Promise<Untouched> {
  const owner = await RawSession.open(port, { timeOut: silentSessionMs })
  await writeSampleTree(owner, untouchedRoot)
  owner.abandon()
  return { owner, nodes: untouchedOf(await dumpTree(port, superUser)) }
}

function untouchedOf(tree: readonly NodeDump[]): readonly NodeDump[] {
  return tree.filter(({ path }) => path.startsWith(untouchedRoot))
}

/** @returns the number of nodes */
async function verify(
  ensemble: Ensemble,
  report: LoadReport,
  { owner, nodes }: Untouched,
): Promise<number> {
  assert.deepEqual(report.violations, [])
  await awaitShortLivedGone(ensemble.member(1).port)
  await awaitNoEphemeralsOfLoad(ensemble)
  const tree = await assertEqualTrees(ensemble)
  await assertNoDigestDiffers(ensemble)
  for (const [root, written] of Object.entries(report.writers)) verifyWriter(tree, root, written)
  assert.deepEqual(untouchedOf(tree), nodes)
  const { sessionId, password } = owner
  for (const { port } of ensemble.members) {
    const session = await RawSession.open(port, { sessionId, password, timeOut: silentSessionMs })
    assert.equal(session.sessionId, sessionId)
    session.abandon()
  }
  return tree.length
}

/** The last write may have happened without an answer; everything before it was acknowledged. */
function verifyWriter(
  tree: readonly NodeDump[],
  root: string,
  { created, counted }: LoadReport['writers'][string],
): void {
  const names = tree.filter(({ path }) => path.startsWith(`${root}/n-`)).map(({ path }) => path)
  const expected = Array.from(
    { length: created },
    (_, i) => `${root}/n-${String(i).padStart(6, '0')}`,
  )
  assert.deepEqual(names, expected, `acknowledged nodes of ${root}`)
  const counter = tree.find(({ path }) => path === `${root}/counter`)
  assert.equal(counter?.stat.version, counted, `acknowledged changes of ${root}/counter`)
}

/** Those of clients that could not say good-bye go when their sessions expire. */
async function awaitNoEphemeralsOfLoad(ensemble: Ensemble): Promise<void> {
  let left: readonly string[] = []
  const wait = { what: 'the end of ephemerals', timeoutMs: 60_000, explain: () => left.join(', ') }
  await eventually(wait, async () => {
    const tree = await dumpTree(ensemble.member(1).port, superUser)
    left = tree
      .filter(({ path, stat }) => path.startsWith('/load/') && stat.ephemeralOwner !== 0n)
      .map(({ path }) => path)
    return left.length === 0 || undefined
  })
}
