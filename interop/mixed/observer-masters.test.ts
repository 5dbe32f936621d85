/** Observers of either kind that are served by followers of either kind, and go on to another one when theirs is lost. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { EventType } from '@quorate/protocol'
import { Ensemble } from '../harness/ensemble.ts'
import type { EnsembleMember } from '../harness/ensemble-member.ts'
import { eventually } from '../harness/eventually.ts'
import { RawSession } from '../harness/raw-session.ts'
import { reservedPorts } from '../harness/reserved-ports.ts'
import { serverFigures } from '../harness/server-word.ts'
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
  { voters: ['apache', 'apache', 'quorate'], observers: ['quorate', 'apache'] },
  { voters: ['quorate', 'quorate', 'apache'], observers: ['quorate', 'apache'] },
  { voters: ['apache', 'apache', 'apache'], observers: ['quorate'] },
  { voters: ['quorate', 'quorate', 'quorate'], observers: ['apache', 'quorate'] },
]

const timeout = 180_000
const moveTimeoutMs = 60_000

/** All of an ensemble's servers have the same port for observers, each on a machine of its own. */
function peerHosts(id: number): readonly string[] {
  return [`127.0.0.${id}`]
}

/** Who serves the observer, as it says itself. */
async function masterOf(observer: EnsembleMember): Promise<number> {
  return Number((await serverFigures(observer.port)).get('observer_master_id'))
}

for (const { voters, observers } of mixes)
  describe(`${observers.join(', ')} observing at ${voters.join(', ')}, the last voter leading`, () => {
    let ensemble: Ensemble
    let observing: readonly EnsembleMember[]
    before(async () => {
      const [port] = await reservedPorts(1)
      const configuration = [`observerMasterPort=${port}`]
      ensemble = await Ensemble.start(mixedOptions({ voters, observers, configuration, peerHosts }))
      observing = ensemble.members.slice(voters.length)
    })
    after(() => ensemble.dispose())

    test('what is written through any member is the same through all', { timeout }, async () => {
      for (const { port, id } of ensemble.members) {
        const owner = await RawSession.open(port, { timeOut: longSessionMs })
        await writeSampleTree(owner, `/from-${id}`)
        await owner.close()
      }
      const tree = await assertEqualTrees(ensemble)
      assert.ok(tree.length > 200 * ensemble.members.length)
      await assertNoDigestDiffers(ensemble)
    })

    test('sessions move to and from observers with their ephemerals', { timeout }, async () => {
      let session = await RawSession.open(observing[0]!.port, { timeOut: longSessionMs })
      await create(session, '/moving', ephemeral)
      const { sessionId, password } = session
      for (const to of [ensemble.member(1), ...observing, ensemble.member(3), observing[0]!]) {
        session.abandon()
        session = await RawSession.open(to.port, { sessionId, password, timeOut: longSessionMs })
        assert.equal(session.sessionId, sessionId, `at ${to.name}`)
        assert.ok(await isThere(session, '/moving'), `at ${to.name}`)
      }
      await session.close()
      const { port } = observing[0]!
      await assert.rejects(RawSession.open(port, { sessionId, password }), /refused/)
    })

    test(
      'a watch at an observer fires before a sync that follows the write',
      { timeout },
      async () => {
        const writer = await RawSession.open(ensemble.member(2).port, { timeOut: longSessionMs })
        for (const { port, id } of observing) {
          const session = await RawSession.open(port, { timeOut: longSessionMs })
          const path = `/watched-${id}`
          assert.equal(await isThere(session, path, true), false)
          await create(writer, path)
          await sync(session)
          const event = session.notifications.shift()
          assert.deepEqual([event?.path, event?.type], [path, EventType.nodeCreated])
          await session.close()
        }
        await writer.close()
      },
    )

    test(
      'silent sessions at observers expire, and those that ping do not',
      { timeout },
      async () => {
        const watcher = await RawSession.open(ensemble.member(1).port, { timeOut: longSessionMs })
        const living: RawSession[] = []
        for (const { port, id } of observing) {
          const silent = await RawSession.open(port, { timeOut: shortSessionMs })
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
          for (const { id } of observing)
            if (await isThere(watcher, `/silent-${id}`)) return undefined
          return performance.now() > end || undefined
        })
        for (const { id } of observing) assert.ok(await isThere(watcher, `/living-${id}`))
        for (const session of [...living, watcher]) await session.close()
      },
    )

    test(
      'kill -9 of the follower that serves an observer costs it a moment',
      { timeout },
      async () => {
        for (const observer of observing) {
          const session = await RawSession.open(observer.port, { timeOut: longSessionMs })
          await create(session, `/before-${observer.id}`)
          const { sessionId, password } = session
          session.abandon()
          const master = ensemble.member(await masterOf(observer))
          const leader = await ensemble.awaitLeader()
          await master.kill()
          const what = `another master for ${observer.name}`
          await eventually({ what, timeoutMs: moveTimeoutMs }, async () => {
            const id = await masterOf(observer)
            const isAnother = id >= 1 && id !== master.id
            return isAnother ? observer.state() : undefined
          })
          const again = await RawSession.open(observer.port, {
            sessionId,
            password,
            timeOut: longSessionMs,
          })
          assert.ok(await isThere(again, `/before-${observer.id}`))
          await create(again, `/after-${observer.id}`)
          await again.close()
          // A leader of ours serves observers as well, and its loss is another matter.
          if (master !== leader) assert.equal(await ensemble.awaitLeader(), leader)
          await master.start()
          await ensemble.awaitServing()
        }
        await assertEqualTrees(ensemble)
        await assertNoDigestDiffers(ensemble)
      },
    )

    test('our observers are served by followers, and not by the leader', { timeout }, async () => {
      const leader = await ensemble.awaitLeader()
      for (const observer of observing)
        if (observer.kind === 'quorate') assert.notEqual(await masterOf(observer), leader.id)
    })
  })
