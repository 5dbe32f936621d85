/** `quorate recover` on the disks of real servers that were stopped. */
import assert from 'node:assert/strict'
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, describe, it } from 'node:test'
import type { ZooKeeper } from '@quorate/client'
import { run } from '../src/recover-command.ts'
import { scratchFolder } from './ensemble/scratch-folder.ts'
import { LostMajority } from './recover/lost-majority.ts'
import { runTool } from './tool-run.ts'

const scratch = scratchFolder()
const ensembles: LostMajority[] = []
afterEach(async () => {
  for (const ensemble of ensembles.splice(0)) await ensemble.stopAll()
})

const recover = (...args: readonly string[]) => runTool(run, args)
const create = (path: string) => (zk: ZooKeeper) => zk.create(path, path)
const five = Array.from({ length: 5 }, () => 'participant')

async function ensembleOf(name: string, roles: readonly string[], settings: string) {
  const ensemble = await LostMajority.create(join(scratch, name), roles, settings)
  ensembles.push(ensemble)
  return ensemble
}

interface Plan {
  readonly needsRecovery: boolean
  readonly startFrom: number
  readonly lastZxid: string
  readonly lastCommonZxid: string
  readonly newEpoch: number
  readonly finishesEarlierCommit: boolean
  readonly newMembership: { readonly version: string; readonly voters: readonly number[] }
  readonly lost: readonly { readonly serverId: number }[]
  readonly survivors: readonly Readonly<Record<string, unknown>>[]
  readonly notOnAllSurvivors: readonly {
    readonly serverId: number
    readonly listed: readonly { readonly type: string; readonly paths: readonly string[] }[]
  }[]
}

async function planOf(...args: readonly string[]): Promise<Plan> {
  const { output } = await recover('--plan', '--json', ...args)
  return JSON.parse(output) as Plan
}

/** Server 2 misses /b, and 1 and 2 both miss /c, which was acknowledged by 3, 4 and 5. All are stopped. */
async function withLaggards(name: string, settings: string): Promise<LostMajority> {
  const ensemble = await ensembleOf(name, five, settings)
  await ensemble.start(...ensemble.ids)
  await ensemble.through(1, create('/a'))
  // Over another connection it must have arrived at both.
  await ensemble.through(2, (zk) => zk.sync('/a'))
  await ensemble.stop(2)
  await ensemble.through(1, create('/b'))
  await ensemble.stop(1)
  await ensemble.through(3, create('/c'))
  await ensemble.stopAll()
  return ensemble
}

describe('quorate recover', () => {
  it('lets two of five go on with what they had, and a lost one that comes back follows them', async () => {
    const ensemble = await withLaggards('five', 'reconfigEnabled=true')
    ensemble.destroy(3)
    ensemble.destroy(4)
    const survivors = [ensemble.configuration(1), ensemble.configuration(2)]

    const plan = await planOf(...survivors)
    assert.deepEqual([plan.needsRecovery, plan.startFrom], [true, 1])
    assert.deepEqual(
      plan.lost.map(({ serverId }) => serverId),
      [3, 4, 5],
    )
    assert.deepEqual(plan.newMembership.voters, [1, 2])
    const [lone] = plan.notOnAllSurvivors
    assert.equal(lone?.serverId, 1)
    assert.ok(lone?.listed.some(({ type, paths }) => /^create/.test(type) && paths[0] === '/b'))
    assert.ok(lone?.listed.every(({ paths }) => !paths.includes('/a')))

    const { code, notices } = await recover('--commit', '--yes', ...survivors)
    assert.deepEqual([code, notices], [0, []])
    for (const id of [1, 2]) assert.equal(ensemble.epoch(id, 'acceptedEpoch'), plan.newEpoch)
    assert.equal(ensemble.epoch(1, 'currentEpoch'), plan.newEpoch)
    assert.ok(ensemble.epoch(2, 'currentEpoch') < plan.newEpoch)

    await ensemble.start(1, 2)
    for (const id of [2, 1]) {
      await ensemble.through(id, async (zk) => {
        assert.equal(await zk.get('/a'), '/a')
        assert.equal(await zk.get('/b'), '/b')
        assert.equal(await zk.exists('/c'), null)
      })
    }
    assert.deepEqual(await Promise.all([ensemble.mode(1), ensemble.mode(2)]), [
      'leader',
      'follower',
    ])
    await ensemble.through(2, create('/d'))

    await ensemble.start(5)
    await ensemble.through(5, async (zk) => {
      await zk.sync('/')
      assert.equal(await zk.exists('/c'), null)
      assert.equal(await zk.get('/d'), '/d')
    })
    assert.deepEqual([await ensemble.mode(5), await ensemble.mode(1)], ['follower', 'leader'])
    // It knows for good that it has no vote any more.
    assert.match(readFileSync(ensemble.configuration(5), 'utf8'), /dynamicConfigFile=.*3e9/)
  })
})
