/**
 * Moves an ensemble of three Apache servers to ours and back, server by server, under load, with a kill -9 in each step.
 * In some runs observers are part of it: one of Apache's, which moves like the others, and one of ours, which is there
 * from the beginning and becomes one of Apache's in the end.
 *
 * Checked: every acknowledged write is there; no session that was heard of in time was lost, and none that fell silent
 * before its time; locks exclude, watches tell; the trees are equal through every member's client port at the end, and
 * what nobody has touched is as it was; Apache's members never find another digest than their leader's; containers and
 * nodes with a time to live go when they may, and not before.
 *
 * The seed decides who observes, the order of the servers, whom a kill -9 hits, and when in the step; how far the servers
 * are then is the machine's affair.
 */
import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { Random } from '../../differential/random.ts'
import { Ensemble } from '../../harness/ensemble.ts'
import type { EnsembleMember, KindName } from '../../harness/ensemble-member.ts'
import { RawSession } from '../../harness/raw-session.ts'
import { writeSampleTree } from '../../interchange/sample-tree.ts'
import { dumpTree, type NodeDump } from '../../interchange/tree-dump.ts'
import { assertEqualTrees, assertNoDigestDiffers } from '../equal-trees.ts'
import { mixedOptions, superUser } from '../mixed-options.ts'
import { KazooLoad, type LoadReport } from './kazoo-load.ts'
import { awaitNothingShortLived, verifyWriters } from './load-outcome.ts'
import { awaitShortLivedGone, leaveShortLived, prepareShortLived } from './short-lived-nodes.ts'

export interface MigrationRun {
  readonly seed: number
  readonly print: (line: string) => void
}

export interface MigrationResult extends LoadReport {
  readonly nodeCount: number
  /** Servers that were moved, there and back. */
  readonly steps: number
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

const killDelayMaxMs = 1_500
const settleMaxMs = 1_000

/** Of consecutive seeds: one of Apache's, one of ours, one of each, none. */
const observersInTurn: readonly (readonly KindName[])[] = [
  [],
  ['apache'],
  ['quorate'],
  ['apache', 'quorate'],
]

export async function runMigration({ seed, print }: MigrationRun): Promise<MigrationResult> {
  const random = new Random(seed)
  const observers = observersInTurn[seed % observersInTurn.length]!
  print(`  observers: ${observers.join(' and ') || 'none'}`)
  const ensemble = await Ensemble.start(
    mixedOptions({
      voters: ['apache', 'apache', 'apache'],
      observers,
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
    return { ...report, nodeCount, steps: migration.steps, kills: migration.kills }
  } finally {
    await load?.dispose()
    await ensemble.dispose()
  }
}

class Migration {
  readonly #ensemble: Ensemble
  readonly #random: Random
  readonly #print: (line: string) => void
  steps = 0
  kills = 0

  constructor(ensemble: Ensemble, random: Random, print: (line: string) => void) {
    this.#ensemble = ensemble
    this.#random = random
    this.#print = print
  }

  async moveAll(kind: KindName): Promise<void> {
    const left = this.#ensemble.members.filter((member) => member.kind !== kind)
    while (left.length > 0) {
      const [member] = left.splice(this.#random.below(left.length), 1)
      await this.#move(member!, kind)
    }
  }

  async #move(member: EnsembleMember, kind: KindName): Promise<void> {
    this.steps++
    const moment = this.#random.pick(moments)
    const role = (await member.state())?.mode
    this.#print(`  ${member.name}, ${role}, becomes ${kind}; a kill -9 ${moment}`)
    if (moment === 'instead of stopping') await this.#kill(member)
    else await member.stop()
    member.become(kind)
    if (moment === 'while it is down') await this.#killSoon(this.#anyRunning())
    await member.start()
    if (moment === 'while it starts')
      await this.#killSoon(this.#random.chance(0.5) ? member : this.#anyRunning())
    await this.#awaitWhole()
    if (moment === 'afterwards') await this.#killSoon(this.#anyRunning())
    await this.#awaitWhole()
    await leaveShortLived(member.port, `${member.id}-${kind}`)
    await delay(this.#random.below(settleMaxMs))
    await assertNoDigestDiffers(this.#ensemble)
  }

  async #killSoon(member: EnsembleMember): Promise<void> {
    await delay(this.#random.below(killDelayMaxMs))
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
  await awaitNothingShortLived(ensemble)
  const tree = await assertEqualTrees(ensemble)
  await assertNoDigestDiffers(ensemble)
  verifyWriters(tree, report)
  assert.deepEqual(untouchedOf(tree), nodes)
  const { sessionId, password } = owner
  for (const { port } of ensemble.members) {
    const session = await RawSession.open(port, { sessionId, password, timeOut: silentSessionMs })
    assert.equal(session.sessionId, sessionId)
    session.abandon()
  }
  return tree.length
}
