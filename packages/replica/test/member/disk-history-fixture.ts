/** Histories of transactions with their trees, states as a leader sends them, and a disk that stops at a chosen operation. */
import assert from 'node:assert/strict'
import type { Proposal } from '@quorate/consensus'
import {
  type Disk,
  DiskError,
  type DiskFile,
  MemoryDisk,
  SnapshotWriter,
  writeSnapshot,
} from '@quorate/log'
import {
  aclList,
  encode,
  JuteReader,
  JuteWriter,
  makeZxid,
  OpCode,
  openAcl,
  purePlatform,
  type SessionId,
  txn,
  type TxnBody,
  utf8Encode,
  type Zxid,
} from '@quorate/protocol'
import { DiskHistory, type DiskHistoryOptions } from '@quorate/replica'
import { Tree, type TreeOptions } from '@quorate/tree'
import { type GatedImage, HistoryImageGate } from '../../src/member/history-image-gate.ts'

export const root = '/member'
export const folder: string = `${root}/version-2`

const treeOptions: TreeOptions = { platform: purePlatform, extendedTypesEnabled: true }

/** Creates a node whose name and data tell the transaction from all others. */
export function proposal(zxid: Zxid, branch = 'a'): Proposal {
  const body: TxnBody = {
    type: OpCode.create,
    path: `/n${zxid.toString(16)}`,
    data: utf8Encode(`${branch} ${zxid}`),
    acl: openAcl,
    ephemeral: false,
    parentCVersion: -1,
  }
  const header = { clientId: 1n as SessionId, cxid: 1, zxid, time: 1_000, type: OpCode.create }
  return { zxid, bytes: encode(txn, { header, body, digest: undefined }) }
}

export function proposals(epoch: number, counters: readonly number[], branch = 'a'): Proposal[] {
  return counters.map((counter) => proposal(makeZxid(epoch, counter), branch))
}

export function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i)
}

export function treeOf(history: readonly Proposal[]): Tree {
  const tree = new Tree(treeOptions)
  tree.createSystemNodes()
  for (const { bytes } of history) tree.apply(bytes, 0, bytes.length)
  return tree
}

/** The zxid and the digest: equal for equal histories only. */
export function stateOf(tree: Tree): string {
  const { high, low } = tree.digest
  return `${tree.lastZxid.toString(16)} ${high} ${low}`
}

/** What a leader with this tree sends after SNAP, signature and all; of our kind to one of our kind with `hasTail`. */
export function streamOf(tree: Tree, { hasTail = false } = {}): Uint8Array {
  const writer = new JuteWriter(1_024)
  const gate = new HistoryImageGate()
  gate.enterTree(tree)
  let image!: GatedImage
  gate.open((opened) => (image = opened))
  while (image.writeNext(writer, 1_000));
  for (let hasMore = hasTail; hasMore;) hasMore = image.writeNextOfTail?.(writer, 1_000) ?? false
  image.close()
  writer.writeString('BenWasHere')
  return writer.copy()
}

/** {@link streamOf} as Apache's leader may send it: the nodes came after the table of ACLs was written. */
export function streamWithoutAcls(tree: Tree): Uint8Array {
  const whole = streamOf(tree)
  const reader = new JuteReader(whole)
  assert.equal(reader.readInt(), 0, 'there is no session')
  for (let count = reader.readInt(); count > 0; count--) {
    reader.readLong()
    aclList.decode(reader)
  }
  return Uint8Array.of(...new Uint8Array(8), ...whole.subarray(reader.position))
}

/** Evenly spread numbers in [0, 1), the same for the same seed (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000
  }
}

/** A member's history and what it told. */
export class TestHistory {
  readonly history: DiskHistory
  failures: Error[] = []
  abortCount = 0

  constructor(disk: Disk, options: Partial<DiskHistoryOptions> = {}) {
    this.history = new DiskHistory({
      disk,
      dataDirectory: root,
      logDirectory: root,
      treeOptions,
      platform: purePlatform,
      recentCountMax: 500,
      failed: (error) => this.failures.push(error),
      abortSnapshot: () => this.abortCount++,
      ...options,
    })
  }

  /** Appends, syncs and applies. */
  log(history: readonly Proposal[]): void {
    for (const one of history) this.history.append(one)
    this.history.sync(() => {
      for (const one of history) this.history.apply(one)
    })
  }

  /** Writes a periodic snapshot on a disk that completes at once. */
  snapshot(disk: Disk): void {
    this.history.roll()
    this.history.openImage((image) => {
      writeSnapshot(new SnapshotWriter(disk, folder, image), (error) => assert.ifError(error))
    })
  }

  /** Takes the whole stream, in parts of this length, and installs it. */
  replace(tree: Tree, partBytes = 1 << 20): boolean {
    return this.replaceBy(streamOf(tree), tree.lastZxid, partBytes)
  }

  replaceBy(stream: Uint8Array, zxid: Zxid, partBytes = 1 << 20): boolean {
    const receiver = this.history.receiveState(zxid)
    for (let at = 0; at < stream.length; at += partBytes)
      receiver.push(stream, at, Math.min(at + partBytes, stream.length))
    let isDone = false
    receiver.install(() => (isDone = true))
    return isDone
  }
}

/** Starts on a disk that completes at once. */
export function started(disk: Disk, options: Partial<DiskHistoryOptions> = {}): TestHistory {
  const test = new TestHistory(disk, options)
  let isDone = false
  test.history.start(() => (isDone = true))
  assert.deepEqual(test.failures, [])
  assert.ok(isDone)
  return test
}

/** A disk on which the machine dies instead of a chosen operation that changes something. */
export class DyingDisk implements Disk {
  readonly memory: MemoryDisk
  /** Operations until then; each one after it fails too. */
  left = Infinity

  constructor(memory: MemoryDisk) {
    this.memory = memory
  }

  get isDead(): boolean {
    return this.left < 0
  }

  openForRead(path: string): DiskFile {
    return this.#guarded(this.memory.openForRead(path))
  }

  openForWrite(path: string, options: { readonly truncate: boolean }): DiskFile {
    this.#count()
    return this.#guarded(this.memory.openForWrite(path, options))
  }

  list(directory: string): readonly string[] {
    return this.memory.list(directory)
  }

  makeDirectory(path: string): void {
    this.memory.makeDirectory(path)
  }

  rename(from: string, to: string): void {
    this.#count()
    this.memory.rename(from, to)
  }

  remove(path: string): void {
    this.#count()
    this.memory.remove(path)
  }

  syncDirectory(path: string): void {
    this.#count()
    this.memory.syncDirectory(path)
  }

  #count(): void {
    if (--this.left < 0) throw new DiskError('EIO', 'the machine is dead')
  }

  #guarded(file: DiskFile): DiskFile {
    return {
      size: () => file.size(),
      read: (target, start, end, position) => file.read(target, start, end, position),
      write: (source, start, end, position, done) => {
        this.#count()
        file.write(source, start, end, position, done)
      },
      sync: (done) => {
        this.#count()
        file.sync(done)
      },
      truncate: (size) => {
        this.#count()
        file.truncate(size)
      },
      close: () => file.close(),
    }
  }
}
