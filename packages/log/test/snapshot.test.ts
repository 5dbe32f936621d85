import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gunzipSync, gzipSync } from 'node:zlib'
import {
  type Compressor,
  isPlausibleSnapshot,
  listSnapshots,
  MemoryDisk,
  readSnapshot,
  type SnapshotFile,
  type SnapshotSections,
  SnapshotWriter,
  type SnapshotWriterOptions,
  writeSnapshot,
} from '@quorate/log'
import type { SnapshotImage } from '@quorate/tree'
import { fixture, rethrow } from './log-builder.ts'
import { RecordingTree } from './recording-tree.ts'

const directory = '/data/version-2'
const snapshot39 = fixture('snapshot.a.from-3.9.6')
const snapshot38 = fixture('snapshot.100000002.from-3.8.0')
const decompressor = { gunzip: (bytes: Uint8Array): Uint8Array => gunzipSync(bytes) }

test('a snapshot of Apache 3.9 is read with its digest and last zxid', () => {
  const { tree, sections } = load(diskWith('snapshot.a', snapshot39))
  assert.deepEqual(sections, {
    digest: { zxid: 0xa, halves: { high: 4, low: 0xda02386f | 0 } },
    lastZxid: 0xa,
  })
  assert.equal(tree.zxid, 0xa)
  assert.deepEqual(tree.sessions, [[0x1_0000_1bcf_6300_01n, 10_000]])
  assert.deepEqual(tree.acls[2], [3, [{ perms: 1, id: { scheme: 'ip', id: '127.0.0.1/8' } }]])
  assert.deepEqual(
    tree.nodes.slice(0, 3).map((node) => node.path),
    ['', '/ac', '/zookeeper'],
  )
  assert.equal(tree.nodes[1].data, null)
  assert.equal(tree.nodes[0].data?.length, 0)
})

test('a snapshot of Apache 3.8 has no last zxid', () => {
  const { sections, tree } = load(diskWith('snapshot.100000002', snapshot38))
  assert.equal(sections.lastZxid, undefined)
  assert.deepEqual(sections.digest?.halves, { high: 2, low: 0x3b746023 })
  assert.equal(tree.zxid, 0x1_0000_0002)
})

test('compressed snapshots hold the same tree', () => {
  const gz = load(diskWith('snapshot.0.gz', fixture('snapshot.0.gz')))
  const snappy = load(diskWith('snapshot.0.snappy', fixture('snapshot.0.snappy')))
  assert.deepEqual(
    gz.tree.nodes.map((node) => node.path),
    ['', '/zookeeper', '/zookeeper/config', '/zookeeper/quota'],
  )
  assert.deepEqual(
    snappy.tree.nodes.map((node) => node.path),
    gz.tree.nodes.map((node) => node.path),
  )
  assert.equal(gz.sections.digest, undefined, 'zxid 0 means that the digest is not known')
})

test('snapshots of Apache are written again to the same bytes, in slices of any size', () => {
  for (const sliceBytes of [1, 100, 100_000]) {
    for (const [bytes, writesLastZxid] of [
      [snapshot39, true],
      [snapshot38, false],
    ] as const) {
      const { tree, sections } = load(diskWith('snapshot.a', bytes))
      const { zxid, halves } = sections.digest!
      const disk = new MemoryDisk()
      const image = tree.image(zxid, halves)
      const writer = new SnapshotWriter(disk, directory, image, { sliceBytes, writesLastZxid })
      writeSnapshot(writer, rethrow)
      assert.ok(image.isClosed)
      disk.crash()
      assert.deepEqual(disk.contents(writer.path), bytes)
    }
  }
})

test('the sections that a writer leaves out are not missed', () => {
  const { tree } = load(diskWith('snapshot.a', snapshot39))
  for (const writesDigest of [true, false]) {
    for (const writesLastZxid of [true, false]) {
      const { sections } = load(written(tree, { writesDigest, writesLastZxid }))
      assert.equal(sections.digest?.halves.low, writesDigest ? 6 : undefined)
      assert.equal(sections.lastZxid, writesLastZxid ? 0x77 : undefined)
    }
  }
})

test('a gz snapshot is written through the compressor', () => {
  const { tree } = load(diskWith('snapshot.a', snapshot39))
  const disk = written(tree, { gzip: new WholeGzip(), sliceBytes: 50 })
  assert.deepEqual(disk.list(directory), ['snapshot.77.gz'])
  assert.deepEqual(load(disk).tree.nodes, tree.nodes)
})

test('a section that is not known is passed over when its seal is right', () => {
  const whole = load(diskWith('snapshot.a', snapshot39))
  const seal = sealOf(new Uint8Array([...snapshot39, ...extension]))
  const extended = new Uint8Array([...snapshot39, ...extension, ...seal])
  assert.deepEqual(load(diskWith('snapshot.a', extended)).sections, whole.sections)
  extended[snapshot39.length + 2] ^= 1
  assert.throws(() => load(diskWith('snapshot.a', extended)), { code: 'SNAPSHOT_SEAL' })
})

test('a snapshot cut at any byte is refused, or cut behind a seal as an older one', () => {
  const whole = load(diskWith('snapshot.a', snapshot39))
  for (let length = 0; length < snapshot39.length; length++) {
    const disk = diskWith('snapshot.a', snapshot39.subarray(0, length))
    const isSealed = length === snapshot39.length - 21 || length === snapshot39.length - 54
    if (isSealed) assert.deepEqual(load(disk).tree, whole.tree)
    else {
      assert.throws(() => load(disk), {
        code: /^SNAPSHOT_(DAMAGED|SEAL)$/,
        file: `${directory}/snapshot.a`,
      })
    }
  }
})

test('a snapshot with any byte flipped is refused', () => {
  for (let at = 0; at < snapshot39.length; at++) {
    for (const mask of [1, 0x80, 0xff]) {
      const disk = diskWith('snapshot.a', snapshot39)
      disk.flip(`${directory}/snapshot.a`, at, mask)
      assert.throws(() => load(disk), { code: /^SNAPSHOT_(DAMAGED|SEAL)$/ }, `byte ${at}`)
    }
  }
})

test('compressed snapshots with any byte flipped hold the same tree or are refused', () => {
  for (const name of ['snapshot.0.gz', 'snapshot.0.snappy']) {
    const bytes = fixture(name)
    const { nodes } = load(diskWith(name, bytes)).tree
    for (let at = 0; at < bytes.length; at++) {
      const disk = diskWith(name, bytes)
      disk.flip(`${directory}/${name}`, at, 0x41)
      try {
        assert.deepEqual(load(disk).tree.nodes, nodes)
      } catch (error) {
        assert.match((error as { code: string }).code, /^SNAPSHOT_(DAMAGED|SEAL|COMPRESSION)$/)
      }
    }
  }
})

test('what the tree refuses is a refused snapshot', () => {
  const tree = new RecordingTree()
  tree.addAcl = () => {
    throw new Error('no such ACL')
  }
  const disk = diskWith('snapshot.a', snapshot39)
  assert.throws(
    () => readSnapshot({ disk, snapshot: listSnapshots(disk, directory)[0], loader: tree }),
    {
      code: 'SNAPSHOT_REFUSED',
      message: /no such ACL/,
    },
  )
})

test('a snapshot of very many slices is written by a disk that completes at once', () => {
  let slicesLeft = 30_000
  const image: SnapshotImage = {
    zxid: 1,
    digest: { high: 0, low: 0 },
    outcomes: undefined,
    writeNext(writer) {
      writer.writeByte(0)
      return --slicesLeft > 0
    },
    close() {},
  }
  const disk = new MemoryDisk()
  let hasEnded = false
  writeSnapshot(new SnapshotWriter(disk, directory, image, { sliceBytes: 1 }), (error) => {
    assert.equal(error, undefined)
    hasEnded = true
  })
  assert.ok(hasEnded)
  assert.equal(slicesLeft, 0)
})

test('a snapshot that could not be written leaves nothing behind', () => {
  const { tree } = load(diskWith('snapshot.a', snapshot39))
  for (const options of [
    { capacityBytes: 500 },
    { failsSync: () => true },
    { failsWrite: () => true },
  ]) {
    const disk = new MemoryDisk(options)
    const image = tree.image(1, { high: 0, low: 0 })
    let failure: Error | undefined
    writeSnapshot(new SnapshotWriter(disk, directory, image, { sliceBytes: 200 }), (error) => {
      failure = error
    })
    assert.match(failure?.message ?? '', /ENOSPC|EIO/)
    assert.ok(image.isClosed)
    assert.deepEqual(disk.list(directory), [])
  }
})

test('a snapshot that cannot be given its name leaves nothing behind', () => {
  const disk = new MemoryDisk()
  disk.rename = refuseToWork
  assert.equal(failureOfWriting(disk)?.message, 'EIO')
  assert.deepEqual(disk.list(directory), [])
})

test('a snapshot whose name may not be durable is a failure, but whole', () => {
  const disk = new MemoryDisk()
  disk.syncDirectory = refuseToWork
  assert.equal(failureOfWriting(disk)?.message, 'EIO')
  assert.deepEqual(disk.list(directory), ['snapshot.1'])
  assert.equal(load(disk).sections.lastZxid, 1)
})

function refuseToWork(): never {
  throw new Error('EIO')
}

function failureOfWriting(disk: MemoryDisk): Error | undefined {
  const { tree } = load(diskWith('snapshot.a', snapshot39))
  const image = tree.image(1, { high: 0, low: 0 })
  let failure: Error | undefined
  writeSnapshot(new SnapshotWriter(disk, directory, image), (error) => {
    failure = error
  })
  assert.ok(image.isClosed)
  return failure
}

test('the check of the first and last bytes tells half a snapshot from a whole one', () => {
  const cases: readonly [string, Uint8Array, boolean][] = [
    ['snapshot.a', snapshot39, true],
    ['snapshot.a', snapshot39.subarray(0, 500), false],
    ['snapshot.a', new Uint8Array(9), false],
    ['snapshot.0.gz', fixture('snapshot.0.gz'), true],
    ['snapshot.0.gz', new Uint8Array(20), false],
    ['snapshot.0.snappy', fixture('snapshot.0.snappy'), true],
    ['snapshot.0.snappy', new Uint8Array(20), false],
  ]
  for (const [name, bytes, isPlausible] of cases) {
    const disk = diskWith(name, bytes)
    assert.equal(isPlausibleSnapshot(disk, listSnapshots(disk, directory)[0]), isPlausible)
  }
})

const extension = [0, 0, 0, 4, 1, 2, 3, 4]

/** The seal of an arbitrary file, as the fixture's own writer would make it. */
function sealOf(bytes: Uint8Array): Uint8Array {
  let a = 1
  let b = 0
  for (const byte of bytes) {
    a = (a + byte) % 65_521
    b = (b + a) % 65_521
  }
  return new Uint8Array([0, 0, 0, 0, b >> 8, b & 255, a >> 8, a & 255, 0, 0, 0, 1, 0x2f])
}

class WholeGzip implements Compressor {
  readonly #parts: Uint8Array[] = []

  compress: Compressor['compress'] = (bytes, start, end, isLast, done) => {
    this.#parts.push(bytes.slice(start, end))
    done(undefined, isLast ? gzipSync(Buffer.concat(this.#parts)) : new Uint8Array(0))
  }
}

function written(tree: RecordingTree, options: Partial<SnapshotWriterOptions>): MemoryDisk {
  const disk = new MemoryDisk()
  const image = tree.image(0x77, { high: 5, low: 6 })
  writeSnapshot(new SnapshotWriter(disk, directory, image, options), rethrow)
  return disk
}

function diskWith(name: string, bytes: Uint8Array): MemoryDisk {
  const disk = new MemoryDisk()
  disk.install(`${directory}/${name}`, bytes)
  return disk
}

function load(disk: MemoryDisk): { tree: RecordingTree; sections: SnapshotSections } {
  const loader = new RecordingTree()
  const [snapshot]: readonly SnapshotFile[] = listSnapshots(disk, directory)
  const sections = readSnapshot({ disk, snapshot, loader, decompressor })
  return { tree: loader, sections }
}
