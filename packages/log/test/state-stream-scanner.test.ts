import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { JuteWriter, openAcl, readAcl, type SessionId } from '@quorate/protocol'
import { StateStreamScanner } from '@quorate/log'
import { RecordingTree } from './recording-tree.ts'

const stream = exampleStream()
const signatureLength = 14

test('the end is found however the stream is cut in two, and what follows is left', () => {
  const longer = Uint8Array.of(...stream, 0, 0, 0, 1)
  for (let cut = 0; cut <= stream.length; cut++) {
    const scanner = new StateStreamScanner()
    const inFirst = scanner.scan(longer, 0, cut)
    assert.equal(inFirst, cut === stream.length ? cut : -1)
    if (inFirst < 0) assert.equal(scanner.scan(longer, cut, longer.length), stream.length)
    assert.equal(scanner.imageBytes, stream.length - signatureLength)
    assert.ok(scanner.isComplete)
  }
})

test('the end is found in parts of any lengths', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 60 }), (lengths) => {
      const scanner = new StateStreamScanner()
      let at = 0
      for (const length of [...lengths, stream.length]) {
        const end = Math.min(at + length, stream.length)
        const found = scanner.scan(stream, at, end)
        assert.equal(found, end === stream.length && at < end ? end : -1)
        at = end
        if (found >= 0) return
      }
    }),
  )
})

test('one byte at a time, no byte of the signature counts as one of the image', () => {
  const scanner = new StateStreamScanner()
  for (let at = 0; at < stream.length; at++) {
    scanner.scan(stream, at, at + 1)
    assert.equal(scanner.imageBytes, Math.min(at + 1, stream.length - signatureLength))
  }
})

test('an empty tree is a stream too', () => {
  const writer = new JuteWriter()
  writer.writeInt(0)
  writer.writeInt(-1)
  writer.writeString('/')
  writer.writeString('BenWasHere')
  const scanner = new StateStreamScanner()
  assert.equal(scanner.scan(writer.bytes, 0, writer.position), writer.position)
})

test('lengths and counts that cannot be are refused at once', () => {
  const cases: readonly (readonly [string, (writer: JuteWriter) => void])[] = [
    ['session count', (writer) => writer.writeInt(-2)],
    ['ACL count', (writer) => writeInts(writer, 0, -2)],
    ['ACL entry count', (writer) => writeInts(writer, 0, 1, 0, 1, -9)],
    ['ACL string', (writer) => writeInts(writer, 0, 1, 0, 1, 1, 31, 0x7fff_ffff)],
    ['path is null', (writer) => writeInts(writer, 0, 0, -1)],
    ['length of a path', (writer) => writeInts(writer, 0, 0, 0x7fff_ffff)],
    ['length of a data', (writer) => writeInts(writer, 0, 0, 0, -2)],
    [
      'BenWasHere',
      (writer) => (
        writeInts(writer, 0, 0),
        writer.writeString('/'),
        writer.writeString('BenWasThere')
      ),
    ],
  ]
  for (const [message, write] of cases) {
    const writer = new JuteWriter()
    write(writer)
    assert.throws(
      () => new StateStreamScanner().scan(writer.bytes, 0, writer.position),
      (error: { code?: string; message: string }) =>
        error.code === 'STATE_STREAM_BAD' && error.message.includes(message),
      message,
    )
  }
})

test('any bytes are scanned to an end or refused, and never make it fail otherwise', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(stream.length), (bytes, at) => {
      const broken = stream.slice()
      broken.set(bytes.subarray(0, broken.length - at), at)
      try {
        const end = new StateStreamScanner().scan(broken, 0, broken.length)
        assert.ok(end === -1 || (end > 0 && end <= broken.length))
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'STATE_STREAM_BAD')
      }
    }),
    { numRuns: 1_000 },
  )
})

function writeInts(writer: JuteWriter, ...values: readonly number[]): void {
  for (const value of values) writer.writeInt(value)
}

/** Sessions, ACLs with null and empty strings, nodes with null data, a path of one byte that is not the end, and the signature. */
function exampleStream(): Uint8Array {
  const tree = new RecordingTree()
  const stat = new Uint8Array(60).fill(3)
  tree.sessions.push([1n as SessionId, 4_000], [2n as SessionId, 5_000])
  tree.acls.push(
    [1, openAcl],
    [2, [...readAcl, { perms: 1, id: { scheme: 'ip', id: '' } }]],
    [3, []],
  )
  for (const path of ['', '/zookeeper', '/a', '/a/b', 'x'])
    tree.nodes.push({
      path,
      data: path === '/a' ? null : new Uint8Array(path.length),
      aclId: 1,
      stat,
    })
  const writer = new JuteWriter()
  const image = tree.image(1, { high: 0, low: 0 })
  while (image.writeNext(writer, 1 << 20));
  writer.writeString('BenWasHere')
  return writer.copy()
}
