/** A member whose disk is full serves on without it, and comes back by itself, as a voter, when there is room. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import {
  CreateMode,
  createRequest,
  decode,
  ErrorCode,
  getDataResponse,
  OpCode,
  openAcl,
  pathWatchRequest,
} from '@quorate/protocol'
import type { EnsembleMember } from '../harness/ensemble-member.ts'
import { Ensemble } from '../harness/ensemble.ts'
import { eventually } from '../harness/eventually.ts'
import { RawSession } from '../harness/raw-session.ts'

const timeout = 120_000
const mebibyte = 1_048_576
const diskBytes = 32 * mebibyte
const data = new Uint8Array(100_000)

/** Whether the node could be created; no answer counts as no. */
async function create(port: number, path: string): Promise<boolean> {
  try {
    const session = await RawSession.open(port)
    const request = { path, data, acl: openAcl, flags: CreateMode.persistent }
    const { err } = await session.call(OpCode.create, createRequest, request)
    await session.close()
    return err === 0
  } catch {
    return false
  }
}

for (const others of ['quorate', 'apache'] as const) {
  describe(`an ensemble of three, two of them ${others}'s, whose leader has a small disk`, () => {
    let ensemble: Ensemble
    let small: EnsembleMember
    let filler: string
    /** Of a client that never goes elsewhere. */
    let session: RawSession
    const written: string[] = []
    before(async () => {
      ensemble = await Ensemble.create({
        voters: [others, others, 'quorate'],
        configuration: ['preAllocSize=1024'],
      })
      small = ensemble.member(3)
      execFileSync('mount', [
        '-t',
        'tmpfs',
        '-o',
        `size=${diskBytes}`,
        'tmpfs',
        small.dataDirectory,
      ])
      writeFileSync(join(small.dataDirectory, 'myid'), '3\n')
      filler = join(small.dataDirectory, 'filler')
      await ensemble.startInOrder([2, 3])
    })
    after(async () => {
      for (const member of ensemble.members) await member.kill()
      execFileSync('umount', [small.dataDirectory])
      await ensemble.dispose()
    })

    /** The client connects again to the same server, with the session that it had. */
    async function comeBack(): Promise<void> {
      const { sessionId, password } = session
      session = await eventually(
        { what: 'the session to come back', timeoutMs: 30_000, explain: () => small.log() },
        () => RawSession.open(small.port, { sessionId, password }).catch(() => undefined),
      )
      assert.equal(session.sessionId, sessionId)
    }

    async function put(path: string, flags: CreateMode = CreateMode.persistent): Promise<number> {
      const request = { path, data, acl: openAcl, flags }
      return (await session.call(OpCode.create, createRequest, request)).err
    }

    async function sizeOf(path: string): Promise<number | undefined> {
      const reply = await session.call(OpCode.getData, pathWatchRequest, { path, watch: false })
      return reply.err === 0 ? decode(getDataResponse, reply.body).data?.length : undefined
    }

    test('goes on under another leader when that disk is full', { timeout }, async () => {
      assert.equal((await ensemble.awaitLeader()).id, 3)
      session = await RawSession.open(small.port)
      assert.equal(await put('/ephemeral', CreateMode.ephemeral), 0)
      writeFileSync(filler, new Uint8Array(diskBytes - 6 * mebibyte))
      const { port } = ensemble.member(1)
      const wait = { what: 'another leader', timeoutMs: 60_000, explain: () => small.log() }
      await eventually(wait, async () => {
        const path = `/n${written.length}`
        if (await create(port, path)) written.push(path)
        const leader = await ensemble.leader()
        return leader !== undefined && leader.id !== 3 ? leader : undefined
      })
      assert.match(small.log(), /DISK_FULL/)
      assert.ok(await create(port, '/without'))
    })

    test('its clients go on at that server, with their sessions', { timeout }, async () => {
      await small.awaitServing('observer')
      assert.match(small.log(), /SERVING_WITHOUT_DISK/)
      assert.equal(await small.growthOf('serving_without_disk'), 1)
      await comeBack()
      assert.equal(await sizeOf('/ephemeral'), data.length)
      assert.equal(await sizeOf('/without'), data.length)
      const watched = { path: '/through', watch: true }
      const { err } = await session.call(OpCode.exists, pathWatchRequest, watched)
      assert.equal(err, ErrorCode.NoNode)
      assert.equal(await put('/through'), 0)
      assert.deepEqual(
        session.notifications.map(({ path }) => path),
        ['/through'],
      )
      assert.equal(await sizeOf('/through'), data.length)
    })

    test(
      'it promises nothing: with it alone another one commits nothing',
      { timeout },
      async () => {
        await ensemble.member(1).kill()
        await eventually({ what: 'no leader', timeoutMs: 30_000, explain: () => '' }, async () =>
          (await ensemble.leader()) === undefined ? true : undefined,
        )
        assert.equal(await create(ensemble.member(2).port, '/lost'), false)
        await ensemble.member(1).start()
        await ensemble.awaitLeader()
        await small.awaitServing('observer')
      },
    )

    test('takes it back when there is room, with all that was written', { timeout }, async () => {
      rmSync(filler)
      await small.awaitServing('follower')
      assert.ok(small.isRunning)
      assert.match(small.log(), /DISK_HAS_ROOM/)
      await comeBack()
      for (const path of [...written, '/without', '/through', '/ephemeral'])
        assert.equal(await sizeOf(path), data.length, path)
      assert.equal(await sizeOf('/lost'), undefined)
    })
  })
}
