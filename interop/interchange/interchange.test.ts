/**
 * One data directory, several servers: what one wrote the next serves, to the last Stat. Extended types are switched
 * on, because without them a server takes TTL nodes for the ephemerals of sessions that never were (see the README).
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { digestId, getEphemeralsRequest, getEphemeralsResponse, OpCode } from '@quorate/protocol'
import { startApache } from '../harness/apache-server.ts'
import { RawSession } from '../harness/raw-session.ts'
import type { ServerProcess } from '../harness/server-process.ts'
import { serversUnderTest, type ServerUnderTest } from '../harness/servers-under-test.ts'
import { writeSampleTree } from './sample-tree.ts'
import { dumpTree, type NodeDump } from './tree-dump.ts'

const superUser = 'super:secret'
const apacheUnderTest: ServerUnderTest = { name: 'Apache ZooKeeper', start: startApache }
type End = 'stop' | 'kill'

function serverOptions(dataDirectory: string): Parameters<ServerUnderTest['start']>[0] {
  return {
    dataDirectory,
    configuration: ['tickTime=2000', 'snapCount=100'],
    properties: {
      'zookeeper.extendedTypesEnabled': 'true',
      'zookeeper.DigestAuthenticationProvider.superDigest': digestId(superUser),
      'znode.container.checkIntervalMs': '86400000',
    },
  }
}

/** Lets the servers follow each other on one data directory; each must show what the one before it showed. */
async function handDown(chain: readonly ServerUnderTest[], end: End): Promise<void> {
  const dataDirectory = mkdtempSync(join(tmpdir(), 'interop-interchange-'))
  let server: ServerProcess | undefined
  let inherited: readonly NodeDump[] | undefined
  let owner: RawSession | undefined
  try {
    for (const [i, underTest] of chain.entries()) {
      server = await underTest.start(serverOptions(dataDirectory))
      const dump = await dumpTree(server.port, superUser)
      if (inherited !== undefined) assert.deepEqual(dump, inherited, `what ${underTest.name} found`)
      if (owner !== undefined) await endSession(server, owner)
      owner = await RawSession.open(server.port, { timeOut: 40_000 })
      await writeSampleTree(owner, `/sample${i}`)
      owner.abandon()
      inherited = await dumpTree(server.port, superUser)
      await server[end]()
      await server.dispose()
    }
  } finally {
    await server?.dispose()
    rmSync(dataDirectory, { recursive: true, force: true })
  }
}

/** The session of the server before lives on, owns its nodes, and takes them along when it is closed. */
async function endSession(
  server: ServerProcess,
  { sessionId, password }: RawSession,
): Promise<void> {
  const session = await RawSession.open(server.port, { sessionId, password, timeOut: 40_000 })
  const prefix = { prefixPath: '/' }
  const { ephemerals } = await session.ask(
    OpCode.getEphemerals,
    getEphemeralsRequest,
    prefix,
    getEphemeralsResponse,
  )
  assert.equal(ephemerals.length, 2)
  await session.close()
  const left = await dumpTree(server.port, superUser)
  assert.equal(
    left.some(({ stat }) => stat.ephemeralOwner === BigInt(sessionId)),
    false,
  )
}

for (const underTest of serversUnderTest)
  for (const end of ['stop', 'kill'] as const) {
    test(
      `Apache, ${underTest.name} and Apache again serve one data directory (${end})`,
      { timeout: 90_000 },
      () => handDown([apacheUnderTest, underTest, apacheUnderTest], end),
    )
    test(
      `${underTest.name}, Apache and ${underTest.name} again serve one data directory (${end})`,
      { timeout: 90_000 },
      () => handDown([underTest, apacheUnderTest, underTest], end),
    )
  }
