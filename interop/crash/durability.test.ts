/** No reply leaves before a sync that covers its transaction: read from the system calls of the server. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { CreateMode, createRequest, OpCode, openAcl } from '@quorate/protocol'
import { installForeignPrograms } from '../harness/install.ts'
import { RawSession } from '../harness/raw-session.ts'
import { serversUnderTest } from '../harness/servers-under-test.ts'
import { parseTrace, straceWords, type SystemCall } from './system-call-trace.ts'

const sessionCount = 3
const writesPerSession = 60
const pipelineDepth = 5

async function writeMarkers(port: number, number: number): Promise<readonly string[]> {
  const session = await RawSession.open(port)
  const markers = Array.from({ length: writesPerSession }, (_, i) => `/marker-${number}-${i}-`)
  let sentCount = 0
  for (let acknowledgedCount = 0; acknowledgedCount < markers.length; acknowledgedCount++) {
    for (; sentCount < Math.min(markers.length, acknowledgedCount + pipelineDepth); sentCount++) {
      const path = markers[sentCount]!
      const fields = { data: null, acl: openAcl, flags: CreateMode.persistent }
      session.send(OpCode.create, createRequest, { path, ...fields })
    }
    assert.equal((await session.reply()).err, 0)
  }
  await session.close()
  return markers
}

/** The sync of the log between the append of the marker's transaction and the reply that names it. */
function coveringSync(calls: readonly SystemCall[], marker: string): SystemCall | undefined {
  const hex = Buffer.from(marker).toString('hex')
  const holding = calls.filter((call) => call.hex.includes(hex))
  const append = holding.find(({ target }) => /\/log\.[0-9a-f]+$/.test(target))
  const reply = holding.find(({ target }) => /^(TCP|socket)/.test(target))
  assert.ok(append, `the append of ${marker} is in the trace`)
  assert.ok(reply, `the reply to ${marker} is in the trace`)
  return calls.find(
    ({ name, target, startLine, endLine }) =>
      (name === 'fdatasync' || name === 'fsync') &&
      target === append.target &&
      startLine > append.endLine &&
      endLine < reply.startLine,
  )
}

for (const underTest of serversUnderTest)
  test(`${underTest.name} syncs before it answers`, { timeout: 120_000 }, async () => {
    installForeignPrograms()
    const directory = mkdtempSync(join(tmpdir(), 'interop-trace-'))
    const traceFile = join(directory, 'trace')
    try {
      const server = await underTest.start({ wrapper: ['strace', ...straceWords, traceFile] })
      let markers: readonly string[]
      try {
        const numbers = Array.from({ length: sessionCount }, (_, i) => i)
        const perSession = numbers.map((number) => writeMarkers(server.port, number))
        markers = (await Promise.all(perSession)).flat()
        await server.stop()
      } finally {
        await server.dispose()
      }
      const calls = parseTrace(readFileSync(traceFile, 'latin1'))
      const early = markers.filter((marker) => coveringSync(calls, marker) === undefined)
      assert.deepEqual(early, [], 'answered before their transaction was synced')
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  })
