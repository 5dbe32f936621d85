/** A server alone whose disk is full serves reads, and takes writes again by itself when there is room. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
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
import { eventually } from '../harness/eventually.ts'
import { startQuorate } from '../harness/quorate-server.ts'
import { RawSession } from '../harness/raw-session.ts'
import type { ServerProcess } from '../harness/server-process.ts'

const timeout = 60_000
const mebibyte = 1_048_576
const diskBytes = 24 * mebibyte
const data = new Uint8Array(500_000)

describe('a server alone on a small disk', () => {
  let server: ServerProcess
  let session: RawSession
  const directory = mkdtempSync(join(tmpdir(), 'interop-small-disk-'))
  const filler = join(directory, 'filler')
  const written: string[] = []
  before(async () => {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${diskBytes}`, 'tmpfs', directory])
    const configuration = ['preAllocSize=1024']
    server = await startQuorate({ dataDirectory: directory, configuration })
    session = await RawSession.open(server.port)
  })
  after(async () => {
    session.abandon()
    await server.dispose()
    execFileSync('umount', [directory])
    rmdirSync(directory)
  })

  async function create(path: string, flags: CreateMode): Promise<number> {
    const request = { path, data, acl: openAcl, flags }
    return (await session.call(OpCode.create, createRequest, request)).err
  }

  /** The client comes again with its session when the server has closed its connection. */
  async function surely<R>(call: () => Promise<R>): Promise<R> {
    const wait = { what: 'the server', timeoutMs: 20_000, explain: () => server.logTail() }
    return eventually(wait, async () => {
      try {
        return await call()
      } catch {
        const { sessionId, password } = session
        session = await RawSession.open(server.port, { sessionId, password }).catch(() => session)
        return undefined
      }
    })
  }

  async function sizeOf(path: string): Promise<number | undefined> {
    const request = { path, watch: false }
    const { err, body } = await session.call(OpCode.getData, pathWatchRequest, request)
    return err === 0 ? decode(getDataResponse, body).data?.length : undefined
  }

  test(
    'refuses writes with NotReadOnly when it is full, and serves reads',
    { timeout },
    async () => {
      assert.equal(await create('/ephemeral', CreateMode.ephemeral), 0)
      writeFileSync(filler, new Uint8Array(diskBytes - 8 * mebibyte))
      for (let err = 0, i = 0; err !== ErrorCode.NotReadOnly; i++) {
        const path = `/n${i}`
        err = await surely(() => create(path, CreateMode.persistent))
        if (err === 0) written.push(path)
      }
      assert.ok(written.length > 0)
      for (const path of [...written, '/ephemeral']) assert.equal(await sizeOf(path), data.length)
      assert.match(server.logTail(), /DISK_FULL/)
    },
  )

  test(
    'takes writes again when there is room, with all that was acknowledged',
    { timeout },
    async () => {
      rmSync(filler)
      const { sessionId } = session
      await eventually({ what: 'a write', timeoutMs: 20_000 }, async () => {
        const err = await surely(() => create('/after', CreateMode.persistent))
        return err === 0 || err === ErrorCode.NodeExists || undefined
      })
      assert.equal(session.sessionId, sessionId)
      for (const path of [...written, '/ephemeral', '/after'])
        assert.equal(await sizeOf(path), data.length, path)
      assert.match(server.logTail(), /DISK_HAS_ROOM/)
    },
  )
})
