/** What was started and closed has left nothing in the process: no socket, no timer, no memory. */
import assert from 'node:assert/strict'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { test } from 'node:test'
import {
  startEnsemble,
  startInMemoryServer,
  startServer,
  type TestEnsemble,
  type TestServer,
} from '../src/index.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void
const limits = { timeout: 120_000 }
/** Code that the engine compiles grows on for a while. A server that stays behind is four times that, and an ensemble fifty times. */
const heapBytesMax = 65_536

test('servers leave nothing behind', limits, async () => {
  await leavesNothing(100, async () => use(await startServer()))
})

test('servers that were killed leave nothing behind', limits, async () => {
  await leavesNothing(25, async () => {
    await using server = await startServer()
    await (await server.client()).create('/node', '')
    server.slowDisk(60_000)
    await server.kill()
  })
})

test('servers without sockets leave nothing behind', limits, async () => {
  await leavesNothing(100, async () => use(await startInMemoryServer()))
})

test('ensembles leave nothing behind', limits, async () => {
  await leavesNothing(10, async () => use(await startEnsemble(3)))
})

test('ensembles whose leader was killed leave nothing behind', limits, async () => {
  await leavesNothing(6, async () => {
    await using ensemble = await startEnsemble(3)
    await (await ensemble.leader()).kill()
  })
})

async function use(started: TestServer | TestEnsemble): Promise<void> {
  const zk = await started.client()
  await zk.create('/node', 'value')
  await started.close()
}

async function leavesNothing(count: number, round: () => Promise<void>): Promise<void> {
  // By then all code has been compiled, and every cache is there.
  for (let i = 0; i < count / 2; i++) await round()
  const before = { heapBytes: await heapBytes(), resources: resources() }
  for (let i = 0; i < count; i++) await round()
  const grownBytes = (await heapBytes()) - before.heapBytes
  assert.deepEqual(resources(), before.resources)
  assert.ok(grownBytes < count * heapBytesMax, `${grownBytes} bytes stay behind ${count} starts`)
}

/** What keeps the process running. */
function resources(): readonly string[] {
  return process.getActiveResourcesInfo().toSorted((a, b) => a.localeCompare(b))
}

async function heapBytes(): Promise<number> {
  // What was closed in this turn is free in a later one.
  for (let i = 0; i < 3; i++) {
    await new Promise((resolve) => setImmediate(resolve))
    collectGarbage()
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}
