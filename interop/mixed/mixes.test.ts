/** Apache's servers and ours in one ensemble: each mix, each kind leading, observers of either kind. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { EventType, getEphemeralsRequest, getEphemeralsResponse, OpCode } from '@quorate/protocol'
import { AcknowledgedWriter } from '../crash/acknowledged-writer.ts'
import { Ensemble } from '../harness/ensemble.ts'
import type { EnsembleMember, KindName } from '../harness/ensemble-member.ts'
import { eventually } from '../harness/eventually.ts'
import { RawSession } from '../harness/raw-session.ts'
import { askWord, serverFigures } from '../harness/server-word.ts'
import { writeSampleTree } from '../interchange/sample-tree.ts'
import { assertEqualTrees, assertNoDigestDiffers } from './equal-trees.ts'
import { mixedOptions } from './mixed-options.ts'
import {
  create,
  ephemeral,
  isThere,
  longSessionMs,
  type Mix,
  shortSessionMs,
  sync,
} from './node-calls.ts'

/** No more than three Java servers each. */
const mixes: readonly Mix[] = [
  { voters: ['apache', 'apache', 'quorate'], observers: ['apache'] },
  { voters: ['quorate', 'apache', 'apache'], observers: ['quorate'] },
  { voters: ['apache', 'quorate', 'quorate'], observers: ['apache', 'quorate'] },
  { voters: ['quorate', 'quorate', 'apache'], observers: ['apache', 'quorate'] },
]

const timeout = 120_000

function pairs(members: readonly EnsembleMember[]): readonly (readonly EnsembleMember[])[] {
  return members.flatMap((from) => members.filter((to) => to !== from).map((to) => [from, to]))
}

interface Words {
  readonly figures: ReadonlyMap<string, string>
  /** Of `conf`, in their order; lines of the membership are one. */
  readonly settings: readonly string[]
  readonly srvr: string
}

async function wordsOf(port: number): Promise<Words> {
  const [figures, conf, srvr] = await Promise.all([
    serverFigures(port),
    askWord(port, 'conf'),
    askWord(port, 'srvr'),
  ])
  const names = conf.split('\n').map((line) => line.replace(/[=:].*$/, ''))
  return { figures, settings: names, srvr }
}

const figuresByRole = {
  follower: { server_state: 'follower', peer_state: 'following - broadcast', quorum_size: '3' },
  observer: { server_state: 'observer', peer_state: 'observing - broadcast' },
}

function leaderFigures(observerCount: number): Readonly<Record<string, string>> {
  return {
    server_state: 'leader',
    peer_state: 'leading - broadcast',
    quorum_size: '3',
    learners: String(2 + observerCount),
    synced_followers: '2',
    synced_non_voting_followers: '0',
    synced_observers: String(observerCount),
    pending_syncs: '0',
  }
}

for (const { voters, observers } of mixes)
  describe(`${voters.join(', ')} with ${observers.join(', ')} observing, the last voter leading`, () => {
    let ensemble: Ensemble
    before(async () => {
      ensemble = await Ensemble.start(mixedOptions({ voters, observers }))
    })
    after(() => ensemble.dispose())

    test('everybody has its role', { timeout }, async () => {
      const states = await Promise.all(ensemble.members.map((member) => member.state()))
      assert.deepEqual(
        states.map((state) => state?.mode),
        ['follower', 'follower', 'leader', ...observers.map(() => 'observer')],
      )
    })

    test('the words of either kind tell the same of the ensemble', { timeout }, async () => {
      const shown = await Promise.all(ensemble.members.map(({ port }) => wordsOf(port)))
      for (const [i, { figures, settings, srvr }] of shown.entries()) {
        const role =
          i >= voters.length ? 'observer' : i === voters.length - 1 ? 'leader' : 'follower'
        const { name } = ensemble.members[i]!
        const expected = role === 'leader' ? leaderFigures(observers.length) : figuresByRole[role]
        for (const [figure, value] of Object.entries(expected))
          assert.equal(figures.get(figure), value, `${figure} of ${name}`)
        assert.deepEqual(settings, shown[0]!.settings, `the names in conf of ${name}`)
        const isLeader = role === 'leader'
        assert.equal(/^Proposal sizes last\/min\/max: /m.test(srvr), isLeader, `srvr of ${name}`)
        assert.equal(figures.has('leader_uptime'), isLeader, name)
        assert.equal(figures.has('last_proposal_size'), isLeader, name)
      }
    })

    test('what is written through any member is the same through all', { timeout }, async () => {
      const owners = await Promise.all(
        ensemble.members.map(async ({ port, id }) => {
          const owner = await RawSession.open(port, { timeOut: longSessionMs })
          await writeSampleTree(owner, `/from-${id}`)
          return owner
        }),
      )
      const tree = await assertEqualTrees(ensemble)
      assert.ok(tree.length > 250 * ensemble.members.length)
      await Promise.all(owners.map((owner) => owner.close()))
      await assertEqualTrees(ensemble)
      await assertNoDigestDiffers(ensemble)
    })

    test('a session moves between all members with its ephemerals', { timeout }, async () => {
      let session = await RawSession.open(ensemble.member(1).port, { timeOut: longSessionMs })
      await create(session, '/moving', ephemeral)
      const { sessionId, password } = session
      for (const [, to] of pairs(ensemble.members)) {
        session.abandon()
        session = await RawSession.open(to!.port, { sessionId, password, timeOut: longSessionMs })
        assert.equal(session.sessionId, sessionId, `at ${to!.name}`)
        const { ephemerals } = await session.ask(
          OpCode.getEphemerals,
          getEphemeralsRequest,
          { prefixPath: '/' },
          getEphemeralsResponse,
        )
        assert.deepEqual(ephemerals, ['/moving'], `at ${to!.name}`)
      }
      await session.close()
      await assert.rejects(
        RawSession.open(ensemble.member(2).port, { sessionId, password }),
        /refused/,
      )
    })

    test('a watch at one member fires for a write at another', { timeout }, async () => {
      const sessions = await Promise.all(
        ensemble.members.map(({ port }) => RawSession.open(port, { timeOut: longSessionMs })),
      )
      for (const [i, writer] of sessions.entries()) {
        const path = `/watched-${i}`
        for (const session of sessions) assert.equal(await isThere(session, path, true), false)
        await create(writer, path)
        for (const session of sessions) {
          await sync(session)
          const event = session.notifications.shift()
          assert.deepEqual([event?.path, event?.type], [path, EventType.nodeCreated])
        }
      }
      for (const session of sessions) await session.close()
    })

    test('silent sessions expire in time, and those that ping do not', { timeout }, async () => {
      const watcher = await RawSession.open(ensemble.member(1).port, { timeOut: longSessionMs })
      const living: RawSession[] = []
      const heardByPath = new Map<string, number>()
      for (const { port, id } of ensemble.members) {
        const silent = await RawSession.open(port, { timeOut: shortSessionMs })
        heardByPath.set(`/silent-${id}`, performance.now())
        await create(silent, `/silent-${id}`, ephemeral)
        silent.abandon()
        const pinging = await RawSession.open(port, { timeOut: shortSessionMs })
        await create(pinging, `/living-${id}`, ephemeral)
        living.push(pinging)
      }
      const end = performance.now() + 2 * shortSessionMs
      await eventually({ what: 'silent sessions to expire', timeoutMs: 30_000 }, async () => {
        for (const session of living) await session.ping()
        await sync(watcher)
        for (const [path, heard] of heardByPath) {
          if (await isThere(watcher, path)) continue
          heardByPath.delete(path)
          assert.ok(performance.now() - heard >= shortSessionMs, `${path} went early`)
        }
        return (heardByPath.size === 0 && performance.now() > end) || undefined
      })
      for (const { id } of ensemble.members) assert.ok(await isThere(watcher, `/living-${id}`))
      for (const session of [...living, watcher]) await session.close()
    })

    test('kill -9 of whoever leads loses no acknowledged write', { timeout }, async () => {
      const writers = ensemble.members.map(({ id }) => new AcknowledgedWriter(`/writer-${id}`))
      for (const writer of writers) await writer.prepare(ensemble.member(1).port)
      const kindsKilled = new Set<KindName>()
      for (let round = 0; round < 2; round++) {
        const leader = await ensemble.awaitLeader()
        kindsKilled.add(leader.kind)
        let left = 200
        const enough = Promise.withResolvers<void>()
        const writing = writers.map((writer, i) =>
          writer.writeUntilClosed(ensemble.members[i]!.port, () => {
            if (--left === 0) enough.resolve()
          }),
        )
        await Promise.race([enough.promise, ...writing])
        await leader.kill()
        await Promise.all(writing)
        const next = await ensemble.awaitLeader()
        for (const writer of writers) await writer.verify(next.port)
        await leader.start()
        await ensemble.awaitServing()
        await assertEqualTrees(ensemble)
      }
      assert.ok(writers.every(({ acknowledgedCount }) => acknowledgedCount > 0))
      assert.ok(kindsKilled.size > 0)
      await assertNoDigestDiffers(ensemble)
    })
  })
