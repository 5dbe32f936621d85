/** A leader whose disk has become slow hands over to another one, and follows. Its syncs are held up by strace, one by one. */
import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { after, before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { CreateMode, createRequest, OpCode, openAcl } from '@quorate/protocol'
import { Ensemble } from '../harness/ensemble.ts'
import { eventually } from '../harness/eventually.ts'
import { installForeignPrograms } from '../harness/install.ts'
import { RawSession } from '../harness/raw-session.ts'

const timeout = 120_000
const syncMs = 3_000
const lagMs = 500

/** Every sync of the process takes longer from now on. */
async function slowDown(pid: number): Promise<ChildProcess> {
  const inject = `inject=fdatasync:delay_enter=${syncMs * 1_000}`
  const words = ['-f', '-p', String(pid), '-e', 'trace=fdatasync', '-e', inject]
  const tracer = spawn('strace', words, { stdio: ['ignore', 'ignore', 'pipe'] })
  // It says so when it is attached.
  await once(tracer.stderr, 'data')
  tracer.stderr.resume()
  return tracer
}

describe('an ensemble of three, the disk of whose leader becomes slow', () => {
  let ensemble: Ensemble
  let session: RawSession
  let tracer: ChildProcess | undefined
  let writtenCount = 0
  /** Between two acknowledged writes, at most. */
  let longestMs = 0
  before(async () => {
    installForeignPrograms()
    ensemble = await Ensemble.create({
      voters: ['quorate', 'quorate', 'quorate'],
      configuration: [`quorate.leaderDiskLag=${lagMs}`],
    })
    await ensemble.startInOrder([2, 3])
    assert.equal((await ensemble.awaitLeader()).id, 3)
    session = await RawSession.open(ensemble.member(1).port)
  })
  after(async () => {
    tracer?.kill('SIGKILL')
    session.abandon()
    await ensemble.dispose()
  })

  /** Writes once; while nobody leads the client comes again with its session. */
  async function write(): Promise<void> {
    const path = `/n${writtenCount}`
    const request = { path, data: new Uint8Array(100), acl: openAcl, flags: CreateMode.persistent }
    try {
      const { err } = await session.call(OpCode.create, createRequest, request)
      if (err === 0) writtenCount++
    } catch {
      const { sessionId, password } = session
      session = await eventually({ what: 'the session', timeoutMs: 30_000 }, () =>
        RawSession.open(ensemble.member(1).port, { sessionId, password }).catch(() => undefined),
      )
    }
  }

  async function writeFor(durationMs: number): Promise<void> {
    const endMs = performance.now() + durationMs
    for (let lastMs = performance.now(); lastMs < endMs; lastMs = performance.now()) {
      const earlier = writtenCount
      while (writtenCount === earlier) await write()
      longestMs = Math.max(longestMs, performance.now() - lastMs)
      await delay(5)
    }
  }

  test('is led by another one soon, and writes go on', { timeout }, async (context) => {
    const slow = ensemble.member(3)
    await writeFor(500)
    tracer = await slowDown(slow.pid)
    await writeFor(lagMs + 4_000)
    assert.match(slow.log(), /LEADER_DISK_SLOW/)
    const leader = await ensemble.leader()
    assert.ok(leader !== undefined && leader.id !== 3)
    context.diagnostic(`no write was acknowledged for ${Math.round(longestMs)} ms`)
    // Much less than one sync of the slow disk.
    assert.ok(longestMs < syncMs / 2, `no write was acknowledged for ${longestMs} ms`)
  })

  test(
    'keeps its leader when that disk is quick again, and has one history',
    { timeout },
    async () => {
      const leader = await ensemble.awaitLeader()
      tracer?.kill('SIGTERM')
      const slow = ensemble.member(3)
      await slow.awaitServing('follower')
      await writeFor(3_000)
      assert.equal((await ensemble.leader())?.id, leader.id)
      await ensemble.awaitEqualZxids()
    },
  )
})
