/** `quorate snapshot`, on snapshots that Apache ZooKeeper wrote and its SnapshotFormatter printed in the time zone UTC. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import { adler32 } from '@quorate/protocol'
import { run } from '../src/snapshot-command.ts'
import { fixture, fixturePath, jsonLines, runTool } from './tool-run.ts'

const root = mkdtempSync(join(tmpdir(), 'quorate-snapshot-'))
after(() => rmSync(root, { recursive: true }))

const exactPath = fixturePath('snapshot.a.from-3.9.6')
const exact = fixture('snapshot.a.from-3.9.6')
const fuzzyPath = fixturePath('snapshot.22.from-3.8.0')

function put(name: string, bytes: Uint8Array): string {
  const path = join(root, name)
  writeFileSync(path, bytes)
  return path
}

const snapshot = (...args: readonly string[]) => runTool(run, args)

/** With right checksums again behind the digest and behind the zxid, where the file ends. */
function resealed(bytes: Buffer): Buffer {
  const last = bytes.length - 13
  for (const seal of [last - 8 - 13, last]) {
    bytes.writeUInt32BE(adler32(1, bytes, 0, seal), seal + 4)
  }
  return bytes
}

/** Siblings have no order, and times depend on the time zone that the tests run in. */
function blocksOf(text: string): readonly string[] {
  const [first = '', ...blocks] = text.replaceAll(/time = .*/g, 'time').split('----\n')
  return [first, ...blocks.toSorted()]
}

describe('quorate snapshot', () => {
  it('prints what Apache prints', async () => {
    const plain = await snapshot(fuzzyPath)
    assert.deepEqual([plain.code, plain.notices], [0, []])
    assert.deepEqual(
      blocksOf(plain.output),
      blocksOf(fixture('snapshot.22.from-3.8.0.txt').toString()),
    )
    const withData = await snapshot(exactPath, '--data')
    assert.deepEqual(
      blocksOf(withData.output),
      blocksOf(fixture('snapshot.a.from-3.9.6.data.txt').toString()),
    )
  })

  it('prints JSON lines', async () => {
    const lines = jsonLines((await snapshot('--json', '--data', exactPath)).output)
    const ofType = (type: string) => lines.filter((line) => line['type'] === type)
    assert.equal(ofType('node').length, 11)
    const node = lines.find((line) => line['path'] === '/ttl')
    assert.deepEqual(
      [node?.['czxid'], node?.['ephemeralOwner'], node?.['data']],
      ['0x8', '0xff0000000000ea60', ''],
    )
    const restricted = lines.find((line) => line['path'] === '/ac')
    assert.deepEqual(restricted?.['acl'], [{ perms: 1, id: { scheme: 'ip', id: '127.0.0.1/8' } }])
    assert.deepEqual(ofType('session'), [
      { type: 'session', session: '0x100001bcf630001', timeoutMs: 10_000, ephemeralCount: 1 },
    ])
    assert.deepEqual(lines.at(-1), {
      type: 'snapshot',
      file: exactPath,
      zxid: '0xa',
      nodeCount: 11,
      sessionCount: 1,
    })
  })

  it('verifies seals, tree and digest, compressed or not', async () => {
    const empty = ['snapshot.0.gz', 'snapshot.0.snappy'].map(fixturePath)
    const { code, output, notices } = await snapshot('--verify', exactPath, fuzzyPath, ...empty)
    assert.deepEqual([code, notices], [0, []])
    assert.deepEqual(output.trimEnd().split('\n'), [
      `${exactPath}: zxid 0xa, 11 nodes, 1 sessions, seals match, digest 0x4da02386f matches`,
      `${fuzzyPath}: zxid 0x22, 32 nodes, 1 sessions, seals match, digest of zxid 0x23, which the tree has only with the log up to there`,
      `${empty[0]}: zxid 0x0, 4 nodes, 0 sessions, seals match, no digest`,
      `${empty[1]}: zxid 0x0, 4 nodes, 0 sessions, seals match, no digest`,
    ])
  })

  it('reads a copy of any name', async () => {
    const copy = put('backup', gzipSync(exact))
    const { output } = await snapshot('--verify', '--json', copy)
    const [line] = jsonLines(output)
    assert.deepEqual([line?.['zxid'], line?.['digest']], ['0xa', 'matches'])
  })

  it('finds a digest that is not the one of the tree', async () => {
    // The file says zxid a; by a name that says so too, its digest is that of its tree.
    const bytes = Buffer.from(exact)
    bytes[bytes.lastIndexOf(Buffer.from('04da02386f', 'hex')) + 4] ^= 1
    const wrong = put('snapshot.a', resealed(bytes))
    const { code, output, notices } = await snapshot('--verify', wrong)
    assert.equal(code, 1)
    assert.match(output, /digest 0x4da02386e differs from the tree's 0x4da02386f/)
    assert.match(notices[0] ?? '', /snapshot\.a: the tree does not have the digest/)
  })

  it('prints what it can of a damaged file, and says where the damage is', async () => {
    const flipped = Buffer.from(exact)
    flipped[flipped.indexOf('/s1')] ^= 1
    const bad = put('snapshot.b', flipped)
    const cut = put('snapshot.c', exact.subarray(0, 600))
    for (const path of [bad, cut]) {
      const { code, output, notices } = await snapshot(path)
      assert.equal(code, 1)
      assert.match(output, /^ZNode Details \(count=\d+\):\n----\n\/\n {2}cZxid/)
      assert.doesNotMatch(output, /Session Details/)
      assert.match(notices[0] ?? '', /^quorate snapshot: .*snapshot\.[bc] at byte \d+: /)
      assert.equal((await snapshot('--verify', path)).code, 1)
    }
    const missing = await snapshot(join(root, 'missing'))
    assert.equal(missing.code, 1)
    assert.match(missing.notices[0] ?? '', /missing: ENOENT/)
  })

  it('sums up a subtree', async () => {
    const { output } = await snapshot(exactPath, '--summary')
    assert.equal(
      output,
      ' /\n   children: 10\n   data: 4\n-- /zookeeper\n--   children: 2\n--   data: 0\n',
    )
    const json = await snapshot(exactPath, '--json', '--summary', '/zookeeper')
    assert.deepEqual(jsonLines(json.output), [
      { file: exactPath, path: '/zookeeper', level: 0, descendantCount: 2, dataBytes: 0 },
    ])
    const nowhere = await snapshot(exactPath, '--summary', '/nowhere')
    assert.equal(nowhere.code, 1)
    assert.match(nowhere.notices[0] ?? '', /there is no node "\/nowhere"/)
  })

  it('refuses wrong arguments with 2', async () => {
    assert.equal((await snapshot('--verify')).code, 2)
  })
})
