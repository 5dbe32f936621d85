import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EachKey, KeySpace } from '../../src/bench/key-space.ts'
import { runPipeline } from '../../src/bench/pipeline.ts'
import { RawSession } from '../../src/bench/raw-session.ts'
import { type ScriptedReply, startScriptedServer } from './scripted-server.ts'

/** Reads 100 keys, 8 at a time, from a server that answers as told; gives the number of replies. */
async function readKeys(replyTo: (xid: number, type: number) => ScriptedReply): Promise<number> {
  const server = await startScriptedServer(replyTo)
  try {
    const session = await RawSession.open(server.address)
    const keys = new KeySpace(100, 10)
    let count = 0
    await runPipeline({
      session,
      depth: 8,
      source: new EachKey(keys.readTemplate(), 0, keys.keyCount),
      replied: () => {
        count++
      },
    })
    await session.close()
    return count
  } finally {
    await server.close()
  }
}

test('every request is sent once and every reply counted', async () => {
  const xids: number[] = []
  const count = await readKeys((xid, type) => {
    if (type === 4) xids.push(xid)
    return { xid, zxid: 1, err: 0 }
  })
  assert.equal(count, 100)
  assert.deepEqual(
    xids,
    Array.from({ length: 100 }, (_, i) => i + 1),
  )
})

test('a reply out of order ends the run', async () => {
  const run = readKeys((xid) => ({ xid: xid === 20 ? 21 : xid, zxid: 1, err: 0 }))
  await assert.rejects(run, /a reply carries the xid 21; 20 is next/)
})

test('a zxid that goes back ends the run', async () => {
  const run = readKeys((xid) => ({ xid, zxid: xid === 50 ? 1 : xid, err: 0 }))
  await assert.rejects(run, /the zxid went back from 49 to 1 at xid 50/)
})

test('an error that was not declared harmless ends the run', async () => {
  const run = readKeys((xid) => ({ xid, zxid: 1, err: xid === 3 ? -101 : 0 }))
  await assert.rejects(run, /xid 3 was answered -101 \(NoNode\)/)
})
