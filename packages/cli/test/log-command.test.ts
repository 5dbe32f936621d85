/** `quorate log`, on a log that Apache ZooKeeper 3.8.0 wrote and its TxnLogToolkit printed in the time zone UTC. */
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { run } from '../src/log-command.ts'
import { adler32 } from '@quorate/protocol'
import { fixture, fixturePath, jsonLines, runTool } from './tool-run.ts'

const root = mkdtempSync(join(tmpdir(), 'quorate-log-'))
after(() => rmSync(root, { recursive: true }))

const wholePath = fixturePath('log.1.from-3.8.0')
const whole = fixture('log.1.from-3.8.0')
const dataEnd = whole.findLastIndex((byte) => byte !== 0) + 1
const fourthStart = recordStart(3)

function recordStart(index: number): number {
  let at = 16
  for (let i = 0; i < index; i++) at += 13 + whole.readInt32BE(at + 8)
  return at
}

function put(name: string, bytes: Uint8Array): string {
  const path = join(root, name)
  writeFileSync(path, bytes)
  return path
}

/** The log with one bit of the fourth record turned. */
function damaged(): Buffer {
  const bytes = Buffer.from(whole)
  bytes[fourthStart + 20] ^= 1
  return bytes
}

/** What does not depend on the time zone that the tests run in, without the multis. */
function comparable(text: string): readonly string[] {
  return text
    .split('\n')
    .filter((line) => !line.includes(' multi '))
    .map((line) => line.replace(/^.* (?=session 0x)/, ''))
}

const log = (...args: readonly string[]) => runTool(run, args)

describe('quorate log', () => {
  it('prints what Apache prints, but for the lines that it breaks and the multis that it leaves raw', async () => {
    const printed = fixture('log.1.from-3.8.0.txt').toString().replaceAll('}\n]', '}]')
    const { code, output, notices } = await log(wholePath)
    assert.deepEqual([code, notices], [0, []])
    assert.deepEqual(comparable(output), comparable(printed))
    assert.match(output, /multi create:\/m,1,\[31,s\{'world,'anyone\}\],false,2;setData:\/m,2,1;/)
    assert.match(output, /^\d+\/\d+\/26, \d+:\d\d:\d\d [AP]M \S+ session 0x/m)
  })

  it('prints JSON lines', async () => {
    const lines = jsonLines((await log('--json', wholePath)).output)
    assert.equal(lines.length, 35)
    const [first, second] = lines
    assert.deepEqual(
      [first?.['zxid'], first?.['type'], first?.['timeOut']],
      ['0x1', 'createSession', 10_000],
    )
    assert.deepEqual([second?.['path'], second?.['data']], ['/a', 'aGVsbG8='])
  })

  it('prints up to the damage, says where it is, and goes on with the next file', async () => {
    const bad = put('damaged', damaged())
    const missing = join(root, 'missing')
    const { code, output, notices } = await log(bad, wholePath, missing)
    assert.equal(code, 1)
    const [first = '', second = ''] = output.split(`==> ${wholePath} <==\n`)
    assert.deepEqual(first.match(/(?<=zxid )0x\w+/g), ['0x1', '0x2', '0x3'])
    assert.doesNotMatch(first, /EOF/)
    assert.match(second, /EOF reached after 35 txns/)
    const place = `quorate log: ${bad} at byte ${fourthStart}: a record's checksum or end marker is wrong`
    assert.ok(notices[0]?.startsWith(place), notices[0])
    assert.ok(notices[1]?.startsWith(`quorate log: ${missing}: ENOENT`), notices[1])
  })

  it('verifies whole, torn and damaged files', async () => {
    const torn = put('torn', whole.subarray(0, dataEnd - 5))
    const bad = put('damaged', damaged())
    const other = put('other', Buffer.from('no log at all, but longer than a header'))
    const { code, output, notices } = await log('--verify', wholePath, torn, bad, other)
    assert.equal(code, 1)
    assert.deepEqual(output.trimEnd().split('\n'), [
      `${wholePath}: 35 transactions, zxid 0x1 to 0x23, whole`,
      `${torn}: 34 transactions, zxid 0x1 to 0x22, torn`,
      `${bad}: 3 transactions, zxid 0x1 to 0x3, damaged`,
      `${other}: 0 transactions, damaged`,
    ])
    assert.match(notices[0] ?? '', /torn at byte \d+: .*remains of an unfinished write/)
    assert.match(notices[1] ?? '', /damaged at byte \d+: .*--recover/)
    assert.match(notices[2] ?? '', /other at byte 0: the file does not start with "ZKLG"/)
    const [json] = jsonLines((await log('--verify', '--json', bad)).output)
    assert.deepEqual([json?.['state'], json?.['offset']], ['damaged', fourthStart])
  })

  it('calls a whole record damaged that holds no transaction', async () => {
    const bytes = Buffer.from(whole)
    // The path's length becomes that of more than there is, and the checksum fits.
    const start = recordStart(1)
    const length = bytes.readInt32BE(start + 8)
    bytes.writeInt32BE(0x00ff_ffff, start + 12 + 32)
    bytes.writeUInt32BE(adler32(1, bytes, start + 12, start + 12 + length), start + 4)
    const path = put('senseless', bytes)
    const { code, notices } = await log('--verify', path)
    assert.equal(code, 1)
    const place = `quorate log: ${path} at byte ${start}: the record of zxid 0x2 has a right checksum`
    assert.ok(notices[0]?.startsWith(place), notices[0])
  })

  it('recovers what stands before the damage, and overwrites nothing', async () => {
    const hurt = put('hurt', damaged())
    const { code, output } = await log('--recover', hurt)
    assert.equal(code, 0)
    const [copied, rest] = output.split('\n')
    assert.equal(copied, `${hurt}: 3 transactions up to zxid 0x3 copied to ${hurt}.fixed`)
    const place = `left out: ${dataEnd - fourthStart} bytes from byte ${fourthStart} on`
    assert.ok(rest?.startsWith(place), rest)
    assert.deepEqual(readFileSync(`${hurt}.fixed`), whole.subarray(0, fourthStart))

    const again = await log('--recover', hurt)
    assert.equal(again.code, 1)
    assert.match(again.notices[0] ?? '', /hurt\.fixed, which is there already/)
    assert.equal((await log('--recover', hurt, '--output', hurt)).code, 1)
    assert.deepEqual(readFileSync(hurt), damaged())
  })

  it('chops behind a zxid, and says when damage comes before it', async () => {
    const short = join(root, 'short')
    const { code, output } = await log(wholePath, '--chop', '0x3', '--output', short)
    assert.equal(code, 0)
    assert.ok(output.startsWith(`${wholePath}: 3 transactions up to zxid 0x3 copied to ${short}\n`))
    assert.deepEqual(readFileSync(short), whole.subarray(0, fourthStart))

    const hurt = await log(put('hurt-too', damaged()), '--chop', '9', '--json')
    assert.equal(hurt.code, 1)
    assert.equal(jsonLines(hurt.output)[0]?.['endedBy'], 'damage')
  })

  it('leaves no copy behind when there is nothing to copy', async () => {
    const empty = put('empty', new Uint8Array(0))
    const { code, notices } = await log('--recover', empty)
    assert.equal(code, 1)
    assert.match(notices[0] ?? '', /empty at byte 0: not even a header/)
    assert.equal(existsSync(`${empty}.fixed`), false)
  })

  it('refuses wrong arguments with 2', async () => {
    const { code, notices } = await log()
    assert.equal(code, 2)
    assert.match(notices[0] ?? '', /no file was given/)
  })
})
