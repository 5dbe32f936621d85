import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encode, OpCode, openAcl, type SessionId, txn, type TxnBody } from '@quorate/protocol'
import {
  chopLog,
  describeTxn,
  type LogCopy,
  type LogCopyDone,
  LogFileReader,
  MemoryDisk,
  recoverLog,
  txnToJson,
} from '@quorate/log'
import { directory, fixture, readZxids, writeLog } from './log-builder.ts'

const path = `${directory}/log.1`
const formatTime = (timeMs: number): string => new Date(timeMs).toISOString()

test('each transaction of a log is one line in the words of Apache', () => {
  assert.deepEqual(lines(), [
    '2026-11-22T13:09:02.742Z session 0x100001bcf630000 cxid 0x0 zxid 0x1 createSession 10000',
    "2026-11-22T13:09:02.757Z session 0x100001bcf630000 cxid 0x1 zxid 0x2 create /s0,v,[31,s{'world,'anyone}],false,1",
  ])
})

test('every type of transaction has its line', () => {
  const node = '/n'
  const data = new TextEncoder().encode('v')
  const acl = openAcl
  const cases: readonly [TxnBody, string][] = [
    [{ type: OpCode.closeSession, paths2Delete: ['/a', '/b'] }, "closeSession v{'/a,'/b}"],
    [{ type: OpCode.closeSession, paths2Delete: undefined }, 'closeSession v{}'],
    [
      { type: OpCode.createTTL, path: node, data: null, acl, parentCVersion: 5, ttl: 60_000 },
      "createTtl /n,,[31,s{'world,'anyone}],5,60000",
    ],
    [
      { type: OpCode.createContainer, path: node, data, acl: [], parentCVersion: 6 },
      'createContainer /n,v,[],6',
    ],
    [{ type: OpCode.delete, path: node }, "delete '/n"],
    [{ type: OpCode.setData, path: node, data, version: 3 }, 'setData /n,v,3'],
    [
      { type: OpCode.setACL, path: node, acl, version: 1 },
      "setACL '/n,v{s{31,s{'world,'anyone}}},1",
    ],
    [{ type: OpCode.error, err: -110 }, 'error -110'],
    [
      {
        type: OpCode.multi,
        txns: [
          { type: OpCode.check, path: node, version: 2 },
          { type: OpCode.error, err: -2 },
        ],
      },
      'multi check:/n,2;error:-2',
    ],
  ]
  for (const [body, expected] of cases) {
    const header = { clientId: 0xffn as SessionId, cxid: 1, zxid: 16, time: 0, type: body.type }
    const line = describeTxn(encode(txn, { header, body, digest: undefined }), formatTime)
    assert.equal(line, `1970-01-01T00:00:00.000Z session 0xff cxid 0x1 zxid 0x10 ${expected}`)
  }
})

test('a transaction becomes plain values for JSON', () => {
  const reader = openFixture()
  reader.next()
  reader.next()
  const json = txnToJson(reader.bytes.slice(reader.start, reader.end))
  assert.deepEqual(JSON.parse(JSON.stringify(json)), {
    zxid: '0x2',
    session: '0x100001bcf630000',
    cxid: 1,
    timeMs: 1_795_352_942_757,
    type: 'create',
    path: '/s0',
    data: 'dg==',
    acl: [{ perms: 31, id: { scheme: 'world', id: 'anyone' } }],
    ephemeral: false,
    parentCVersion: 1,
    digest: '0xe0b693e0',
  })
})

test('recover copies the records up to the damage and leaves the file alone', () => {
  const disk = new MemoryDisk()
  writeLog(disk, [[1, 2, 3, 4]])
  disk.flip(path, 300, 1)
  const before = disk.contents(path)
  const copy = copied((done) => recoverLog(disk, { path, to: `${path}.fixed` }, done))
  assert.deepEqual([copy.path, copy.recordCount, copy.lastZxid], [`${path}.fixed`, 2, 2])
  assert.match(copy.reason, /checksum/)
  assert.equal(copy.endedBy, 'damage')
  assert.equal(copy.offset, disk.contents(copy.path).length)
  assert.equal(copy.offset + copy.leftOutBytes, before.findLastIndex((byte) => byte !== 0) + 1)
  assert.deepEqual(disk.contents(path), before)
  const fixed = new MemoryDisk()
  fixed.install(path, disk.contents(copy.path))
  assert.deepEqual(readZxids(fixed), [1, 2])
})

test('chop copies the records up to a zxid', () => {
  const disk = new MemoryDisk()
  writeLog(disk, [[1, 2, 3, 4]])
  for (const zxid of [0, 3, 9]) {
    const copy = copied((done) => chopLog(disk, { path, zxid, to: `${path}.chopped` }, done))
    assert.equal(copy.recordCount, Math.min(zxid, 4))
    assert.equal(copy.endedBy, zxid > 4 ? 'end' : 'zxid')
    const chopped = new MemoryDisk()
    chopped.install(path, disk.contents(copy.path))
    assert.deepEqual(
      readZxids(chopped),
      [1, 2, 3, 4].filter((one) => one <= zxid),
    )
  }
})

test('a file without a header is not copied', () => {
  const disk = new MemoryDisk()
  disk.install(path, new Uint8Array(9))
  let failure: Error | undefined
  recoverLog(disk, { path, to: `${path}.fixed` }, (error) => (failure = error))
  assert.match(failure?.message ?? '', /log\.1 at byte 0: not even a header/)
  assert.deepEqual(disk.list(directory), ['log.1'])
})

test('the header of a log says its version', () => {
  assert.deepEqual(openFixture().header, { version: 2, dbId: 0 })
})

test('a full disk fails the copy', () => {
  const disk = new MemoryDisk({ capacityBytes: 5_200 })
  disk.install(path, fixture('log.1.from-3.9.6'))
  let failure: Error | undefined
  recoverLog(disk, { path, to: `${path}.fixed` }, (error) => (failure = error))
  assert.match(failure?.message ?? '', /ENOSPC/)
})

function copied(run: (done: LogCopyDone) => void): LogCopy {
  let result: LogCopy | undefined
  run((error, copy) => {
    assert.equal(error, undefined)
    result = copy
  })
  assert.ok(result)
  return result
}

function openFixture(): LogFileReader {
  const disk = new MemoryDisk()
  disk.install(path, fixture('log.1.from-3.9.6'))
  return new LogFileReader(disk, path)
}

function lines(): string[] {
  const reader = openFixture()
  const found: string[] = []
  while (found.length < 2 && reader.next()) {
    found.push(describeTxn(reader.bytes.slice(reader.start, reader.end), formatTime))
  }
  return found
}
