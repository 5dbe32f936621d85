import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Perms, ZooKeeperError } from '@quorate/client'
import { aclLines, parseAcl, permsText } from '../../src/shell/acl-text.ts'
import { connectText } from '../../src/shell/commands/membership.ts'
import { errorText } from '../../src/shell/error-text.ts'
import { hexDump } from '../../src/shell/hex-dump.ts'
import { QuotaText } from '../../src/shell/quota-text.ts'
import { dateText, statLines } from '../../src/shell/stat-text.ts'
import { changeText, promptState, stateText } from '../../src/shell/watch-text.ts'

it('a Stat is eleven lines', () => {
  const lines = statLines({
    czxid: 0x1_0000_0002,
    mzxid: 3,
    ctime: 0,
    mtime: 0,
    version: 1,
    cversion: -1,
    aversion: 2,
    ephemeralOwner: -0x7fff_ffff_ffff_ffffn,
    dataLength: 4,
    numChildren: 5,
    pzxid: -1,
  })
  assert.deepEqual(
    lines.filter((line) => !line.includes('time')),
    [
      'cZxid = 0x100000002',
      'mZxid = 0x3',
      'pZxid = 0xffffffffffffffff',
      'cversion = -1',
      'dataVersion = 1',
      'aclVersion = 2',
      'ephemeralOwner = 0x8000000000000001',
      'dataLength = 4',
      'numChildren = 5',
    ],
  )
})

it("a time is Java's Date.toString", () => {
  assert.equal(dateText(Date.UTC(2026, 10, 2, 0, 9, 5), 'UTC'), 'Mon Nov 02 00:09:05 UTC 2026')
})

describe('an ACL', () => {
  it('is read and written', () => {
    const complaints: string[] = []
    const acl = parseAcl('world:anyone:r,digest:bob:x=:cdrwa,bad,ip:1:rq', (text) =>
      complaints.push(text),
    )
    assert.deepEqual(acl, [
      { perms: Perms.read, id: { scheme: 'world', id: 'anyone' } },
      { perms: Perms.all, id: { scheme: 'digest', id: 'bob:x=' } },
      { perms: Perms.read, id: { scheme: 'ip', id: '1' } },
    ])
    assert.deepEqual(complaints, [
      'bad does not have the form scheme:id:perm',
      'Unknown perm type: q',
    ])
    assert.deepEqual(aclLines(acl).slice(0, 4), [
      "'world,'anyone",
      ': r',
      "'digest,'bob:x=",
      ': cdrwa',
    ])
    assert.equal(permsText(0), '')
  })
})

describe('a quota', () => {
  it('keeps the odd = before what older parsers must ignore', () => {
    const quota = new QuotaText('count=3,bytes=-1')
    assert.equal(quota.toString(), 'count=3,bytes=-1')
    quota.set('countHardLimit', 5).set('byteHardLimit', -1)
    assert.equal(quota.toString(), 'count=3,bytes=-1=;byteHardLimit=-1;countHardLimit=5')
    const again = new QuotaText(quota.toString())
    assert.deepEqual([again.get('count'), again.get('countHardLimit')], [3, 5])
    assert.equal(again.toString(), quota.toString())
  })
})

describe('an error', () => {
  it("has zkCli's words", () => {
    const path = '/a'
    assert.equal(errorText(new ZooKeeperError('NoNode', { path })), 'Node does not exist: /a')
    assert.equal(
      errorText(new ZooKeeperError('BadVersion', { path })),
      'version No is not valid : /a',
    )
    assert.equal(
      errorText(new ZooKeeperError('NoWatcher', { path })),
      'KeeperErrorCode = No such watcher for /a',
    )
    assert.equal(
      errorText(new ZooKeeperError('ConnectionLoss')),
      'KeeperErrorCode = ConnectionLoss',
    )
    assert.match(errorText(new ZooKeeperError('Closed')), /was closed/)
  })
})

describe('bytes', () => {
  it('are a table of sixteen a row', () => {
    const rows = hexDump(new Uint8Array(Array.from({ length: 17 }, (_, i) => 0x3e + i))).split('\n')
    assert.equal(rows.length, 6)
    assert.equal(
      rows[3],
      '|00000000| 3e 3f 40 41 42 43 44 45 46 47 48 49 4a 4b 4c 4d |>?@ABCDEFGHIJKLM|',
    )
    assert.equal(rows[4], `|00000010| 4e${' '.repeat(46)}|N${' '.repeat(15)}|`)
    assert.equal(hexDump(new Uint8Array(0)), '')
  })
})

describe('an event', () => {
  it('is told with its zxid where the server gave one', () => {
    const change = { type: 'nodeDataChanged', path: '/a' } as const
    const text = 'WatchedEvent state:SyncConnected type:NodeDataChanged path:/a'
    assert.equal(changeText({ ...change, zxid: undefined }), text)
    assert.equal(changeText({ ...change, zxid: 7 }), `${text} zxid: 7`)
  })

  it('of the session names the state', () => {
    assert.equal(
      stateText('connected', true),
      'WatchedEvent state:ConnectedReadOnly type:None path:null',
    )
    assert.equal(stateText('connecting', false), undefined)
    assert.deepEqual(
      (['idle', 'connected', 'disconnected', 'expired', 'closed'] as const).map((state) =>
        promptState(state, false),
      ),
      ['CONNECTING', 'CONNECTED', 'CONNECTING', 'CLOSED', 'CLOSED'],
    )
  })
})

it('a configuration becomes a connect string', () => {
  const config = [
    'server.1=a:2888:3888:participant;0.0.0.0:2181',
    'server.2=b:2888:3888:observer;2182',
    'version=100000000',
  ].join('\n')
  assert.equal(connectText(config), '100000000 0.0.0.0:2181,b:2182')
})
