/**
 * Requests that the reference takes and must not: they crash it, leak, or pass by its access control. They cannot be
 * sent to both servers side by side, so ours is asked alone.
 */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import {
  createRequest,
  createTtlRequest,
  ErrorCode,
  OpCode,
  openAcl,
  pathVersionRequest,
  pathWatchRequest,
} from '@quorate/protocol'
import { startQuorate } from '../harness/quorate-server.ts'
import { RawSession } from '../harness/raw-session.ts'
import type { ServerProcess } from '../harness/server-process.ts'

const timeout = 20_000

describe('our server refuses', () => {
  let server: ServerProcess
  let session: RawSession
  before(async () => {
    server = await startQuorate({ properties: { 'zookeeper.extendedTypesEnabled': 'true' } })
  })
  after(() => server.dispose())
  beforeEach(async () => {
    session = await RawSession.open(server.port)
  })

  /** The error of a request with these bytes as its body, and whether the connection outlives it. */
  async function errorOf(type: number, body: Uint8Array): Promise<[err: number, lives: boolean]> {
    session.client.sendRequest(77, type, body)
    const { err } = await session.reply()
    const lives = await session.ping().then(
      () => true,
      () => false,
    )
    session.abandon()
    return [err, lives]
  }

  for (const flags of [0, 1, 2, 3, 4])
    test(
      `createTTL with flag ${flags} and TTL −1, which stops Apache for good`,
      { timeout },
      async () => {
        const request = { path: '/ttl', data: null, acl: openAcl, flags, ttl: -1 }
        const { err } = await session.call(OpCode.createTTL, createTtlRequest, request)
        assert.equal(err, ErrorCode.BadArguments)
        const read = { path: '/ttl', watch: false }
        assert.equal(
          (await session.call(OpCode.exists, pathWatchRequest, read)).err,
          ErrorCode.NoNode,
        )
        await session.close()
      },
    )

  for (const [type, flags] of [
    [OpCode.create, 4],
    [OpCode.create2, 4],
    [OpCode.createContainer, 0],
    [OpCode.createContainer, 1],
  ] as const)
    test(`op ${type} with flag ${flags}, whose digest Apache gets wrong`, { timeout }, async () => {
      const request = { path: '/mismatch', data: null, acl: openAcl, flags }
      assert.equal((await session.call(type, createRequest, request)).err, ErrorCode.BadArguments)
      await session.close()
    })

  test('deleteContainer from a client, which passes by access control', { timeout }, async () => {
    const request = { path: '/kept', data: null, acl: openAcl, flags: 0 }
    assert.equal((await session.call(OpCode.create, createRequest, request)).err, 0)
    const body = Buffer.concat([Buffer.from([0, 0, 0, 5]), Buffer.from('/kept')])
    assert.deepEqual(await errorOf(OpCode.deleteContainer, body), [ErrorCode.Unimplemented, false])
    const other = await RawSession.open(server.port)
    const read = { path: '/kept', watch: false }
    assert.equal((await other.call(OpCode.exists, pathWatchRequest, read)).err, 0)
    await other.close()
  })

  test('createSession from a client', { timeout }, async () => {
    const [err, lives] = await errorOf(OpCode.createSession, Buffer.from([0, 0, 0x75, 0x30]))
    assert.deepEqual([err, lives], [ErrorCode.Unimplemented, false])
  })

  test('check outside a multi', { timeout }, async () => {
    session.send(OpCode.check, pathVersionRequest, { path: '/', version: -1 })
    assert.equal((await session.reply()).err, ErrorCode.Unimplemented)
    assert.equal(await session.client.awaitClose(5_000), true)
  })

  test('addWatch on a null path, which leaks a socket of Apache', { timeout }, async () => {
    const body = Buffer.from([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0])
    assert.deepEqual(await errorOf(OpCode.addWatch, body), [ErrorCode.MarshallingError, true])
  })
})
