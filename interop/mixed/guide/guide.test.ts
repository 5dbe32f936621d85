/**
 * The guide to migration, followed to the letter: its commands are read from it and run in their order, server by server, under
 * load. What differs from what the guide says stands in {@link placesOf} (paths, the port) and {@link serviceCommands}.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { Ensemble } from '../../harness/ensemble.ts'
import type { EnsembleMember, KindName } from '../../harness/ensemble-member.ts'
import { repositoryRoot } from '../../harness/repository.ts'
import { runProgram } from '../../harness/run-program.ts'
import { assertEqualTrees } from '../equal-trees.ts'
import { KazooLoad } from '../migration/kazoo-load.ts'
import { awaitNothingShortLived, verifyWriters } from '../migration/load-outcome.ts'
import { mixedOptions } from '../mixed-options.ts'
import { type Guide, readGuide } from './commands-of-guide.ts'

const timeout = 300_000
const commandTimeoutMs = 60_000
const guide = readGuide(join(repositoryRoot, 'docs', 'guides', 'migrate-from-apache.md'))

/** Where the guide's paths and its port are for a member. */
function placesOf(member: EnsembleMember): readonly (readonly [string, string])[] {
  const { directory } = member.settings
  return [
    ['/etc/zookeeper/conf/zoo.cfg', member.configurationFile],
    ['/var/lib/zookeeper', member.dataDirectory],
    ['/var/backups/zookeeper', join(directory, 'backup')],
    ['/var/log/quorate.log', join(directory, 'server.log')],
    ['localhost 2181', `127.0.0.1 ${member.port}`],
  ]
}

/** What a member's service manager does. */
const serviceCommands: Readonly<Record<string, (member: EnsembleMember) => Promise<void>>> = {
  'systemctl stop zookeeper': (member) => stop(member, 'apache'),
  'systemctl start zookeeper': (member) => start(member, 'apache'),
  'systemctl stop quorate': (member) => stop(member, 'quorate'),
  'systemctl start quorate': (member) => start(member, 'quorate'),
}

async function stop(member: EnsembleMember, kind: KindName): Promise<void> {
  assert.equal(member.kind, kind)
  assert.ok(member.isRunning)
  await member.stop()
}

function start(member: EnsembleMember, kind: KindName): Promise<void> {
  member.become(kind)
  return member.start()
}

async function run(member: EnsembleMember, command: string): Promise<void> {
  const service = serviceCommands[command]
  if (service !== undefined) return service(member)
  assert.doesNotMatch(command, /systemctl/, 'a command of the service manager that is not known')
  const placed = placesOf(member).reduce((text, [from, to]) => text.replaceAll(from, to), command)
  const { status, output, errors } = await runProgram({
    command: 'bash',
    words: ['-o', 'pipefail', '-c', placed],
    timeoutMs: commandTimeoutMs,
  })
  assert.equal(status, 0, `${member.name}: ${command}\n${placed}\n${output}${errors}`)
}

/** Followers first, the leader of now last. */
async function leaderLast(ensemble: Ensemble): Promise<readonly EnsembleMember[]> {
  const leader = await ensemble.awaitLeader()
  return [...ensemble.members.filter((member) => member !== leader), leader]
}

function commandsOf(section: string, { commands }: Guide): readonly string[] {
  const found = commands.get(section)
  assert.ok(found !== undefined && found.length > 0, `the guide has no commands under ${section}`)
  return found
}

test('commands of the guide stand in the sections that are followed', () => {
  assert.deepEqual([...guide.commands.keys()], ['Before', 'One server', 'Back'])
})

/** A setting of the guide's service. */
function value(name: string): string | undefined {
  return guide.files.find((line) => line.startsWith(`${name}=`))?.slice(name.length + 1)
}

test("the guide's service is how members are started", () => {
  assert.equal(value('ExecStart'), 'quorate server /etc/zookeeper/conf/zoo.cfg')
  assert.equal(value('StandardOutput'), 'append:/var/log/quorate.log')
  const flags = /^"JVMFLAGS=(.*)"$/.exec(value('Environment') ?? '')?.[1]
  const [name, setting] = flags!.slice('-D'.length).split('=')
  assert.equal(mixedOptions({ voters: [] }).properties?.[name!], setting)
})

test(
  'three servers move to Quorate and back by the commands of the guide',
  { timeout },
  async () => {
    const ensemble = await Ensemble.start(
      mixedOptions({
        voters: ['apache', 'apache', 'apache'],
        properties: { 'znode.container.checkIntervalMs': '2000' },
      }),
    )
    let load: KazooLoad | undefined
    try {
      load = await KazooLoad.start(ensemble.connectString)
      for (const [section, kind] of [
        ['Before', 'apache'],
        ['One server', 'quorate'],
        ['Back', 'apache'],
      ] as const) {
        for (const member of await leaderLast(ensemble))
          for (const command of commandsOf(section, guide)) await run(member, command)
        assert.deepEqual(new Set(ensemble.members.map((member) => member.kind)), new Set([kind]))
        await ensemble.awaitServing()
      }
      const report = await load.end()
      assert.deepEqual(report.violations, [])
      for (const { created } of Object.values(report.writers)) assert.ok(created > 0)
      await awaitNothingShortLived(ensemble)
      verifyWriters(await assertEqualTrees(ensemble), report)
    } finally {
      await load?.dispose()
      await ensemble.dispose()
    }
  },
)
