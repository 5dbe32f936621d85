/** `quorate recover` on the disks of real servers that were stopped. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { cpSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, before, describe, it } from 'node:test'
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
const three = Array.from({ length: 3 }, () => 'participant')
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
    assert.ok(
      lone?.listed.some(({ type, paths }) => type.startsWith('create') && paths[0] === '/b'),
    )
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

  it('keeps lost servers from leading when all of them come back while the survivors run', async () => {
    const ensemble = await withLaggards('back', 'reconfigEnabled=true')
    const survivors = [ensemble.configuration(1), ensemble.configuration(2)]
    assert.equal((await recover('--commit', '--yes', ...survivors)).code, 0)
    await ensemble.start(1, 2)
    await ensemble.through(1, create('/d'))
    await Promise.all([3, 4, 5].map((id) => ensemble.start(id)))
    for (const id of [3, 4, 5]) {
      await ensemble.through(id, async (zk) => {
        await zk.sync('/')
        assert.deepEqual((await zk.children('/')).toSorted(), ['a', 'b', 'd', 'zookeeper'])
      })
      assert.equal(await ensemble.mode(id), 'follower')
    }
  })

  it('leaves an ensemble that lost servers can be given votes in again', async () => {
    const ensemble = await withLaggards('again', 'reconfigEnabled=true\nskipACL=yes')
    const survivors = [ensemble.configuration(1), ensemble.configuration(2)]
    assert.equal((await recover('--commit', '--yes', ...survivors)).code, 0)
    await ensemble.start(1, 2, 5)
    await ensemble.through(5, create('/d'))
    const joining = `${ensemble.serverLine(5)};127.0.0.1:${ensemble.port(5)}`
    const { config } = await ensemble.through(1, (zk) => zk.reconfig({ joining }))
    assert.match(config, /^server\.1=.*\nserver\.2=.*\nserver\.5=.*participant.*\nversion=3ea/)
    await ensemble.stop(2)
    await ensemble.through(1, create('/e'))
    await ensemble.through(5, async (zk) => {
      await zk.sync('/')
      assert.deepEqual((await zk.children('/')).toSorted(), ['a', 'b', 'd', 'e', 'zookeeper'])
    })
  })

  it('lets survivors go on whose configuration is never rewritten otherwise', async () => {
    const ensemble = await withLaggards('static', '')
    const survivors = [ensemble.configuration(1), ensemble.configuration(2)]
    const { output } = await recover('--plan', ...survivors)
    assert.match(output, /they do NOT adopt the new membership/)
    assert.match(output, /quorate recover --commit --yes .*zoo\.cfg .*zoo\.cfg\n$/)
    assert.equal((await recover('--commit', '--yes', ...survivors)).code, 0)
    await ensemble.start(1, 2)
    await ensemble.through(2, async (zk) => {
      await zk.sync('/')
      assert.deepEqual((await zk.children('/')).toSorted(), ['a', 'b', 'zookeeper'])
    })
  })

  it('lets a single survivor serve, with its ports open for others', async () => {
    const ensemble = await ensembleOf('single', three, 'reconfigEnabled=true')
    await ensemble.start(...ensemble.ids)
    await ensemble.through(1, create('/a'))
    await ensemble.stopAll()
    const { code } = await recover('--commit', '--yes', ensemble.configuration(1))
    assert.equal(code, 0)
    await ensemble.start(1)
    await ensemble.through(1, create('/b'))
    assert.equal(await ensemble.mode(1), 'leader')
    await ensemble.start(2)
    await ensemble.through(2, async (zk) => {
      await zk.sync('/')
      assert.equal(await zk.get('/b'), '/b')
    })
    assert.equal(await ensemble.mode(2), 'follower')
  })

  it('finishes a commit that failed half-way, in a still later epoch', async () => {
    const ensemble = await withLaggards('half', 'reconfigEnabled=true')
    const survivors = [ensemble.configuration(1), ensemble.configuration(2)]
    const first = await planOf(...survivors)
    const version = first.newMembership.version.slice(2)
    // Server 1 has got its files by then, 2 gets none.
    const obstacle = `${ensemble.configuration(2)}.dynamic.${version}.tmp`
    mkdirSync(obstacle)
    const failed = await recover('--commit', '--yes', ...survivors)
    assert.equal(failed.code, 1)
    assert.match(failed.notices[0] ?? '', /not finished: .* same command again.*WRITE_FAILED/)
    rmdirSync(obstacle)

    const again = await planOf(...survivors)
    assert.deepEqual([again.needsRecovery, again.finishesEarlierCommit], [true, true])
    assert.deepEqual(again.newMembership.voters, [1, 2])
    assert.ok(again.newEpoch > first.newEpoch)
    assert.equal((await recover('--commit', '--yes', ...survivors)).code, 0)
    assert.equal((await recover('--plan', ...survivors)).code, 4)
    await ensemble.start(1, 2)
    await ensemble.through(2, async (zk) => {
      await zk.sync('/')
      assert.equal(await zk.get('/b'), '/b')
    })
  })

  it('leaves the configuration to the operator when only data was named, which a snapshot makes do', async () => {
    const ensemble = await ensembleOf('data', three, 'snapCount=2')
    await ensemble.start(...ensemble.ids)
    await ensemble.through(1, async (zk) => {
      for (let i = 0; snapshotCount(ensemble.dataDirectory(1)) < 2; i++) await zk.create(`/${i}`)
    })
    await ensemble.stopAll()
    const data = ensemble.dataDirectory(1)
    const { code, output } = await recover('--commit', '--yes', '--data-dir', data)
    assert.equal(code, 0)
    const [, file = ''] = /put (\S+) beside its zoo\.cfg/.exec(output) ?? []
    assert.match(readFileSync(file, 'utf8'), /^server\.1=127\.0\.0\.1:\d+:\d+:participant$/)
    assert.doesNotMatch(readFileSync(ensemble.configuration(1), 'utf8'), /dynamicConfigFile/)
  })
})

describe('quorate recover, without changing anything', () => {
  let ensemble: LostMajority
  before(async () => {
    ensemble = await LostMajority.create(join(scratch, 'still'), three, 'reconfigEnabled=true')
    await ensemble.start(...ensemble.ids)
    await ensemble.through(1, create('/a'))
    await ensemble.stopAll()
  })

  it('has nothing to do when a quorum survives', async () => {
    const survivors = [ensemble.configuration(1), ensemble.configuration(2)]
    const { code, output } = await recover('--commit', '--yes', ...survivors)
    assert.equal(code, 4)
    assert.match(output, /No recovery is needed: the survivors are a quorum of the voters 1, 2, 3/)
    assert.equal(ensemble.epoch(1, 'acceptedEpoch'), 1)
  })

  it('plans without writing a byte', async () => {
    const seen = () => filesBelow(join(ensemble.root, 'server1'))
    const found = seen()
    const { code } = await recover('--commit', '--dry-run', ensemble.configuration(1))
    assert.equal(code, 0)
    assert.deepEqual(seen(), found)
  })

  it('asks for a configuration when the data does not say who belongs to the ensemble', async () => {
    const { code, notices } = await recover('--plan', '--data-dir', ensemble.dataDirectory(1))
    assert.equal(code, 2)
    assert.match(notices[0] ?? '', /name the zoo\.cfg of at least one survivor/)
  })

  it('takes data that was copied elsewhere for that of a configuration', async () => {
    const copy = join(scratch, 'elsewhere')
    cpSync(ensemble.dataDirectory(1), copy, { recursive: true })
    const [survivor] = (await planOf(`${ensemble.configuration(1)}:${copy}`)).survivors
    assert.equal(survivor?.['dataDir'], copy)
  })

  it('counts a torn end of the log as not written', async () => {
    const copy = join(scratch, 'torn')
    cpSync(ensemble.dataDirectory(1), copy, { recursive: true })
    const place = `${ensemble.configuration(1)}:${copy}`
    const { lastZxid } = await planOf(place)
    const log = lastLog(copy)
    writeFileSync(log, readFileSync(log).subarray(0, -1))
    const torn = await planOf(place)
    assert.equal(Number(torn.lastZxid), Number(lastZxid) - 1)
    assert.match(JSON.stringify(torn.survivors), /a write that was not finished/)
  })

  it('refuses a history that a server would not start from', async () => {
    const copy = join(scratch, 'damaged')
    cpSync(ensemble.dataDirectory(1), copy, { recursive: true })
    const log = lastLog(copy)
    const bytes = readFileSync(log)
    bytes[60] ^= 1
    writeFileSync(log, bytes)
    const { code, notices } = await recover('--plan', `${ensemble.configuration(1)}:${copy}`)
    assert.equal(code, 3)
    assert.match(notices[0] ?? '', /leave this server out.*RECOVER_HISTORY_DAMAGED/)
  })

  it('is refused while a server runs in a data directory', async () => {
    await ensemble.start(1)
    const { code, notices } = await recover('--plan', ensemble.configuration(1))
    await ensemble.stop(1)
    assert.equal(code, 3)
    assert.match(notices[0] ?? '', /in use by the process \d+.*RECOVER_SERVER_RUNS/)
  })

  it('is refused when a lost server answers', async () => {
    const [, port = ''] = /server\.3=127\.0\.0\.1:(\d+)/.exec(serverLines(ensemble)) ?? []
    const listener = createServer().listen(Number(port), '127.0.0.1')
    await once(listener, 'listening')
    const { code, notices } = await recover('--commit', '--yes', ensemble.configuration(1))
    listener.close()
    assert.equal(code, 1)
    assert.match(notices[0] ?? '', /server 3 counts as lost, but .* answers/)
    assert.equal(ensemble.epoch(1, 'acceptedEpoch'), 1)
  })

  it('is refused when a survivor is named twice', async () => {
    const { code, notices } = await recover(
      '--plan',
      ensemble.configuration(1),
      '--data-dir',
      ensemble.dataDirectory(1),
    )
    assert.equal(code, 2)
    assert.match(notices[0] ?? '', /are both server 1; .*RECOVER_CONTRADICTION/)
  })

  it('says what is wrong with its arguments, with 2', async () => {
    const cases = [
      [['--commit', 'zoo.cfg'], /needs --yes/],
      [['zoo.cfg'], /one of --plan and --commit is needed/],
      [['--plan'], /no survivor was named/],
      [['--plan', '--list', 'all', 'zoo.cfg'], /found --list all/],
    ] as const
    for (const [args, expected] of cases) {
      const { code, notices } = await recover(...args)
      assert.equal(code, 2)
      assert.match(notices[0] ?? '', expected)
    }
  })

  it('says which file it misses, with 3', async () => {
    const { code, notices } = await recover('--plan', join(scratch, 'nowhere'))
    assert.equal(code, 3)
    assert.match(notices[0] ?? '', /nowhere cannot be read as a survivor: ENOENT/)
  })
})

function filesBelow(directory: string): readonly (readonly [string, string])[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .toSorted()
    .map((path) => [path, readFileSync(path, 'latin1')] as const)
}

function snapshotCount(dataDirectory: string): number {
  const names = readdirSync(join(dataDirectory, 'version-2'))
  return names.filter((name) => /^snapshot\.[0-9a-f]+$/.test(name)).length
}

function lastLog(dataDirectory: string): string {
  const directory = join(dataDirectory, 'version-2')
  const [name = ''] = readdirSync(directory).filter((file) => file.startsWith('log.'))
  return join(directory, name)
}

/** As they stand in the file that the server has written for them. */
function serverLines(ensemble: LostMajority): string {
  const directory = join(ensemble.root, 'server1')
  const name = readdirSync(directory).find((file) => file.startsWith('zoo.cfg.dynamic.'))
  return readFileSync(join(directory, name ?? ''), 'utf8')
}
