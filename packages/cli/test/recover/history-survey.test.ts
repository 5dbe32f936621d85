/** On what a server leaves behind, made with the writers of the log room. */
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { SnapshotWriter, TxnLog, writeSnapshot } from '@quorate/log'
import { encode, makeZxid, OpCode, type SessionId, txn } from '@quorate/protocol'
import { nativePlatform } from '@quorate/server'
import { Tree } from '@quorate/tree'
import { surveyHistory } from '../../src/recover/history-survey.ts'
import { toolDisk } from '../../src/tool-disk.ts'
import { scratchFolder } from '../ensemble/scratch-folder.ts'

const scratch = scratchFolder()

/** A data directory with the snapshot of an empty tree at zxid 0. */
async function dataDirectory(name: string): Promise<string> {
  const directory = join(scratch, name)
  mkdirSync(join(directory, 'version-2'), { recursive: true })
  const tree = new Tree({ platform: nativePlatform, extendedTypesEnabled: true })
  tree.createSystemNodes()
  const writer = new SnapshotWriter(toolDisk, join(directory, 'version-2'), tree.openImage(), {
    platform: nativePlatform,
  })
  await new Promise<void>((resolve, reject) => {
    writeSnapshot(writer, (error) => (error === undefined ? resolve() : reject(error)))
  })
  return directory
}

async function append(directory: string, transactions: readonly Uint8Array[]): Promise<void> {
  const log = new TxnLog(toolDisk, join(directory, 'version-2'), { preallocateBytes: 0 })
  for (const bytes of transactions) log.append(zxidOf(bytes), bytes)
  await new Promise<void>((resolve, reject) => {
    log.close((error) => (error === undefined ? resolve() : reject(error)))
  })
}

const zxids = new WeakMap<Uint8Array, number>()
const zxidOf = (bytes: Uint8Array): number => zxids.get(bytes) ?? 0

function setData(zxid: number, type: 'setData' | 'reconfig', data: string): Uint8Array {
  const body = {
    type: OpCode[type],
    path: type === 'reconfig' ? '/zookeeper/config' : '/a',
    data: Buffer.from(data),
    version: -1,
  }
  const header = { clientId: 1n as SessionId, cxid: 1, zxid, time: 1_000 + zxid, type: body.type }
  const bytes = encode(txn, { header, body, digest: undefined })
  zxids.set(bytes, zxid)
  return bytes
}

const survey = (dataDir: string) => surveyHistory({ dataDir, dataLogDir: dataDir })

describe('the survey of a history', () => {
  it('tells the last transaction, its time, the last membership, and epochs that no file has', async () => {
    const directory = await dataDirectory('whole')
    const at = makeZxid(2, 1)
    await append(directory, [
      setData(at, 'setData', 'x'),
      setData(at + 1, 'reconfig', 'server.1=a:1:2\nversion=200000002'),
      setData(at + 2, 'setData', 'y'),
    ])
    const { held, ...found } = survey(directory)
    assert.deepEqual(found, {
      currentEpoch: 2,
      acceptedEpoch: 2,
      snapshotZxid: 0,
      lastZxid: at + 2,
      lastTimeMs: 1_000 + at + 2,
      membershipText: 'server.1=a:1:2\nversion=200000002',
      notices: [],
      problem: undefined,
    })
    assert.equal(held.lastUpTo(at - 1), 0)
  })

  it('names the hole that a server would not start over', async () => {
    const directory = await dataDirectory('hole')
    await append(directory, [setData(3, 'setData', 'x')])
    assert.match(survey(directory).problem ?? '', /log\.3/)
  })

  it('refuses an epoch that is current and was not accepted', async () => {
    const directory = await dataDirectory('epochs')
    writeFileSync(join(directory, 'version-2', 'currentEpoch'), '5')
    writeFileSync(join(directory, 'version-2', 'acceptedEpoch'), '4')
    assert.match(survey(directory).problem ?? '', /acceptedEpoch is 4, but currentEpoch 5/)
  })

  it('takes a state that its leader sent for the whole history, as the next start does', async () => {
    const directory = await dataDirectory('received')
    await append(directory, [setData(1, 'setData', 'x'), setData(2, 'setData', 'x')])
    const other = await dataDirectory('other')
    writeFileSync(
      join(directory, 'version-2', 'received.100000007'),
      readFileSync(join(other, 'version-2', 'snapshot.0')),
    )
    const { lastZxid, notices, problem } = survey(directory)
    assert.deepEqual([lastZxid, problem], [makeZxid(1, 7), undefined])
    assert.match(notices[0] ?? '', /received\.100000007/)
  })
})
