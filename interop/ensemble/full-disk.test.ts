/** A member whose disk is full leaves the ensemble, and comes back by itself when there is room. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import {
  CreateMode,
  createRequest,
  decode,
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

describe('an ensemble of three, whose leader has a small disk', () => {
  let ensemble: Ensemble
  let small: EnsembleMember
  let filler: string
  const written: string[] = []
  before(async () => {
    ensemble = await Ensemble.create({
      voters: ['quorate', 'quorate', 'quorate'],
      configuration: ['preAllocSize=1024'],
    })
    small = ensemble.member(3)
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${diskBytes}`, 'tmpfs', small.dataDirectory])
    writeFileSync(join(small.dataDirectory, 'myid'), '3\n')
    filler = join(small.dataDirectory, 'filler')
    await ensemble.startInOrder([2, 3])
  })
  after(async () => {
    for (const member of ensemble.members) await member.kill()
    execFileSync('umount', [small.dataDirectory])
    await ensemble.dispose()
  })

  test('goes on under another leader when that disk is full', { timeout }, async () => {
    assert.equal((await ensemble.awaitLeader()).id, 3)
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
    assert.equal(await small.state(), undefined)
    assert.ok(await create(port, '/without'))
  })

  test('takes it back when there is room, with all that was written', { timeout }, async () => {
    rmSync(filler)
    await small.awaitServing('follower')
    assert.ok(small.isRunning)
    await ensemble.awaitEqualZxids()
    const session = await RawSession.open(small.port)
    for (const path of [...written, '/without']) {
      const reply = await session.call(OpCode.getData, pathWatchRequest, { path, watch: false })
      assert.equal(reply.err, 0, path)
      assert.equal(decode(getDataResponse, reply.body).data?.length, data.length)
    }
    await session.close()
  })
})
