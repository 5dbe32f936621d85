/** The membership of a mixed ensemble is changed while it runs: through members and command lines of either kind. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import {
  getDataResponse,
  OpCode,
  pathRecord,
  pathWatchRequest,
  reconfigRequest,
} from '@quorate/protocol'
import { Ensemble } from '../harness/ensemble.ts'
import type { EnsembleMember, KindName } from '../harness/ensemble-member.ts'
import { eventually } from '../harness/eventually.ts'
import { RawSession } from '../harness/raw-session.ts'
import { reservedPorts } from '../harness/reserved-ports.ts'
import { authenticate } from '../interchange/tree-dump.ts'
import { runCommands } from './command-lines.ts'
import { assertEqualTrees, assertNoDigestDiffers } from './equal-trees.ts'
import { mixedOptions, superUser } from './mixed-options.ts'

const timeout = 120_000
const kinds: readonly KindName[] = ['apache', 'quorate']

interface Change {
  readonly joining?: string
  readonly leaving?: string
}

/** @returns the new configuration's text */
async function reconfigure(member: EnsembleMember, change: Change): Promise<string> {
  const session = await RawSession.open(member.port)
  await authenticate(session, superUser)
  const { joining: joiningServers = null, leaving: leavingServers = null } = change
  const request = { joiningServers, leavingServers, newMembers: null, curConfigId: -1 }
  const { data } = await session.ask(OpCode.reconfig, reconfigRequest, request, getDataResponse)
  await session.close()
  return Buffer.from(data!).toString()
}

async function configurationAt(member: EnsembleMember): Promise<string> {
  const session = await RawSession.open(member.port)
  await session.call(OpCode.sync, pathRecord, { path: '/' })
  const request = { path: '/zookeeper/config', watch: false }
  const { data } = await session.ask(OpCode.getData, pathWatchRequest, request, getDataResponse)
  await session.close()
  return Buffer.from(data!).toString()
}

function serverLine(member: EnsembleMember, role: 'participant' | 'observer'): string {
  const { id, quorumPort, electionPort, clientPort } = member.settings
  return `server.${id}=127.0.0.1:${quorumPort}:${electionPort}:${role};127.0.0.1:${clientPort}`
}

/** Waits until every member runs under this configuration and has it in its files. */
async function awaitEverywhere(ensemble: Ensemble, configuration: string): Promise<void> {
  const version = /version=([0-9a-f]+)/.exec(configuration)![1]!
  for (const member of ensemble.running) {
    let found = ''
    const wait = {
      what: `${member.name} to have the membership ${version}`,
      timeoutMs: 30_000,
      explain: () => `${found}\n${readFileSync(member.configurationFile, 'utf8')}`,
    }
    await eventually(wait, async () => {
      found = await configurationAt(member).catch((error: unknown) => String(error))
      return found === configuration || undefined
    })
    await eventually(wait, () => {
      const text = readFileSync(member.configurationFile, 'utf8')
      const file = /^dynamicConfigFile=(.*)$/m.exec(text)?.[1]
      if (file === undefined || !file.endsWith(`.dynamic.${version}`)) return undefined
      const lines = readFileSync(file, 'utf8').trim().split('\n')
      assert.deepEqual(lines, configuration.split('\n').slice(0, -1))
      return true
    })
  }
}

for (const leaderKind of kinds)
  describe(`membership with ${leaderKind} leading`, () => {
    let ensemble: Ensemble
    before(async () => {
      ensemble = await Ensemble.start(
        mixedOptions({
          voters: ['apache', 'quorate', leaderKind],
          observers: ['quorate'],
          configuration: ['reconfigEnabled=true', 'standaloneEnabled=false'],
        }),
      )
    })
    after(() => ensemble.dispose())

    test('is the same at all members at first', { timeout }, async () => {
      const first = await configurationAt(ensemble.member(1))
      for (const member of ensemble.members)
        assert.equal(await configurationAt(member), first, member.name)
      assert.equal(first.split('\n').length, 5)
      await awaitEverywhere(ensemble, first)
    })

    for (const [i, kind] of kinds.entries())
      test(`an observer becomes a voter and back, asked of ${kind}`, { timeout }, async () => {
        const asked = ensemble.member(i + 1)
        assert.equal(asked.kind, kind)
        const other = ensemble.member(4)
        const grown = await reconfigure(asked, { joining: serverLine(other, 'participant') })
        await awaitEverywhere(ensemble, grown)
        await other.awaitServing('follower')
        const shrunk = await reconfigure(asked, { joining: serverLine(other, 'observer') })
        await awaitEverywhere(ensemble, shrunk)
        await other.awaitServing('observer')
        await assertEqualTrees(ensemble)
      })

    test('a voter is taken out while it runs, and comes back', { timeout }, async () => {
      const voter = ensemble.member(1)
      const without = await reconfigure(ensemble.member(2), { leaving: '1' })
      assert.ok(!without.includes('server.1='))
      await awaitEverywhere(ensemble, without)
      const joining = serverLine(voter, 'participant')
      const again = await reconfigure(ensemble.member(2), { joining })
      await voter.awaitServing('follower')
      await awaitEverywhere(ensemble, again)
      await assertEqualTrees(ensemble)
    })

    test('the leader is taken out while it runs, and another leads', { timeout }, async () => {
      const leader = await ensemble.awaitLeader()
      const without = await reconfigure(ensemble.member(2), { leaving: String(leader.id) })
      const next = await eventually({ what: 'another leader', timeoutMs: 30_000 }, async () => {
        const found = await ensemble.leader()
        return found === leader ? undefined : found
      })
      assert.ok(!without.includes(`server.${leader.id}=`))
      await ensemble.awaitServing()
      await awaitEverywhere(ensemble, without)
      const joining = serverLine(leader, 'participant')
      const again = await reconfigure(next, { joining })
      await leader.awaitServing('follower')
      await awaitEverywhere(ensemble, again)
      await assertEqualTrees(ensemble)
      await assertNoDigestDiffers(ensemble)
    })

    for (const [i, kind] of kinds.entries())
      test(
        `the command line of ${kind} changes it through the other kind`,
        { timeout },
        async () => {
          const asked = ensemble.member(2 - i)
          assert.notEqual(asked.kind, kind)
          const add = `reconfig -add ${serverLine(ensemble.member(4), 'observer')}`
          const run = await runCommands(kind, asked.address, ['reconfig -remove 4', add, 'config'])
          assert.equal(run.status, 0, run.errors)
          const committed = run.output.split('Committed new configuration:')
          assert.equal(committed.length, 3, run.output + run.errors)
          assert.ok(!committed[1]!.includes('server.4='), run.output)
          assert.ok(committed[2]!.includes(serverLine(ensemble.member(4), 'observer')), run.output)
          await ensemble.awaitServing()
          await awaitEverywhere(ensemble, await configurationAt(asked))
        },
      )
  })

for (const kind of kinds)
  describe(`observers of both kinds that followers of kind ${kind} serve`, () => {
    let ensemble: Ensemble
    before(async () => {
      const [port] = await reservedPorts(1)
      const configuration = ['reconfigEnabled=true', `observerMasterPort=${port}`]
      const leader = kind === 'apache' ? 'quorate' : 'apache'
      ensemble = await Ensemble.start(
        mixedOptions({
          voters: [kind, kind, leader],
          observers: ['apache', 'quorate'],
          configuration,
          peerHosts: (id) => [`127.0.0.${id}`],
        }),
      )
    })
    after(() => ensemble.dispose())

    test('hear of a new membership, and go on', { timeout }, async () => {
      const configuration = await reconfigure(ensemble.member(3), { leaving: '1' })
      await ensemble.member(1).stop()
      await ensemble.awaitServing()
      await awaitEverywhere(ensemble, configuration)
      await assertEqualTrees(ensemble)
      await assertNoDigestDiffers(ensemble)
    })
  })
