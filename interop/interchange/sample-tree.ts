/** A tree with everything that a data directory can hold. */
import {
  type Acl,
  CreateMode,
  createRequest,
  createTtlRequest,
  digestId,
  multiRequest,
  OpCode,
  openAcl,
  pathVersionRequest,
  setAclRequest,
  setDataRequest,
} from '@quorate/protocol'
import type { RawReply, RawSession } from '../harness/raw-session.ts'
import { authenticate } from './tree-dump.ts'

const emptyData = new Uint8Array(0)

/** Many enough for snapshots to be taken on the way, where snapCount is small. */
const sequentialCount = 250

/**
 * @param root an absent node below which all is made
 * @param session owns the ephemerals; it should outlive the server
 */
export async function writeSampleTree(session: RawSession, root: string): Promise<void> {
  await authenticate(session, 'alice:secret')
  const writer = new SampleWriter(session)
  await writer.create(root, { data: Buffer.from('root') })
  await writeKinds(writer, root)
  await writeAcls(writer, root)
  await writeDeepTree(writer, root)
  await writeVersions(writer, root)
  await writeMultis(writer, root)
}

interface CreateOptions {
  readonly data?: Uint8Array | null
  readonly acl?: readonly Acl[]
  readonly mode?: CreateMode
}

class SampleWriter {
  readonly session: RawSession

  constructor(session: RawSession) {
    this.session = session
  }

  async create(path: string, options: CreateOptions = {}): Promise<void> {
    const { data = emptyData, acl = openAcl, mode: flags = CreateMode.persistent } = options
    const type = flags === CreateMode.container ? OpCode.createContainer : OpCode.create
    this.expectOk(await this.session.call(type, createRequest, { path, data, acl, flags }), path)
  }

  /** All on their way at once: one after the other would wait for as many syncs. */
  async createSequence(path: string, count: number): Promise<void> {
    const request = { path, data: emptyData, acl: openAcl, flags: CreateMode.persistentSequential }
    for (let i = 0; i < count; i++) this.session.send(OpCode.create, createRequest, request)
    for (let i = 0; i < count; i++) this.expectOk(await this.session.reply(), path)
  }

  expectOk({ err }: RawReply, what: string): void {
    if (err !== 0) throw new Error(`${what} failed with ${err}`)
  }
}

async function writeKinds(writer: SampleWriter, root: string): Promise<void> {
  await writer.create(`${root}/null`, { data: null })
  await writer.create(`${root}/empty`)
  await writer.create(`${root}/bytes`, { data: Uint8Array.from({ length: 256 }, (_, i) => i) })
  await writer.create(`${root}/big`, { data: new Uint8Array(200_000).fill(7) })
  await writer.create(`${root}/größe €`, { data: Buffer.from('größe') })
  await writer.create(`${root}/ephemeral`, { mode: CreateMode.ephemeral })
  await writer.create(`${root}/e-`, { mode: CreateMode.ephemeralSequential })
  await writer.create(`${root}/container`, { mode: CreateMode.container })
  await writer.create(`${root}/container/child`)
  await writer.create(`${root}/sequence`)
  await writer.createSequence(`${root}/sequence/n-`, sequentialCount)
  const ttl = { path: `${root}/ttl`, data: emptyData, acl: openAcl, flags: 5, ttl: 3_600_000 }
  writer.expectOk(await writer.session.call(OpCode.createTTL, createTtlRequest, ttl), 'createTTL')
  const named = { ...ttl, path: `${root}/ttl-`, flags: 6, ttl: 0xff_ffff_ffff }
  writer.expectOk(await writer.session.call(OpCode.createTTL, createTtlRequest, named), 'createTTL')
}

async function writeAcls(writer: SampleWriter, root: string): Promise<void> {
  const acls: readonly (readonly Acl[])[] = [
    [{ perms: 31, id: { scheme: 'world', id: 'anyone' } }],
    [{ perms: 1, id: { scheme: 'world', id: 'anyone' } }],
    [{ perms: 0, id: { scheme: 'world', id: 'anyone' } }],
    [{ perms: 31, id: { scheme: 'auth', id: '' } }],
    [{ perms: 15, id: { scheme: 'digest', id: digestId('bob:b') } }],
    [{ perms: 31, id: { scheme: 'ip', id: '127.0.0.1' } }],
    [{ perms: 31, id: { scheme: 'ip', id: '10.0.0.0/8' } }],
    [
      { perms: 1, id: { scheme: 'world', id: 'anyone' } },
      { perms: 31, id: { scheme: 'digest', id: digestId('alice:secret') } },
      { perms: 2, id: { scheme: 'ip', id: '192.168.0.0/16' } },
    ],
  ]
  await writer.create(`${root}/acls`)
  for (const [i, acl] of acls.entries()) await writer.create(`${root}/acls/${i}`, { acl })
  const request = { path: `${root}/acls/0`, acl: acls[7]!, version: 0 }
  writer.expectOk(await writer.session.call(OpCode.setACL, setAclRequest, request), 'setACL')
}

async function writeDeepTree(writer: SampleWriter, root: string): Promise<void> {
  let path = `${root}/deep`
  for (let depth = 0; depth < 40; depth++, path += `/level${depth}`)
    await writer.create(path, { data: Buffer.from(String(depth)) })
}

async function writeVersions(writer: SampleWriter, root: string): Promise<void> {
  await writer.create(`${root}/changed`)
  for (let version = 0; version < 5; version++) {
    const request = { path: `${root}/changed`, data: Buffer.from(String(version)), version }
    writer.expectOk(await writer.session.call(OpCode.setData, setDataRequest, request), 'setData')
  }
  await writer.create(`${root}/changed/child`)
  const removal = { path: `${root}/changed/child`, version: 0 }
  writer.expectOk(await writer.session.call(OpCode.delete, pathVersionRequest, removal), 'delete')
  // A write that fails is in the log too.
  await writer.session.call(OpCode.delete, pathVersionRequest, { path: root, version: -1 })
}

async function writeMultis(writer: SampleWriter, root: string): Promise<void> {
  const path = `${root}/multi`
  const fields = { data: null, acl: openAcl, flags: CreateMode.persistent }
  const good = await writer.session.call(OpCode.multi, multiRequest, [
    { type: OpCode.create, path, ...fields },
    { type: OpCode.create, path: `${path}/a`, ...fields },
    { type: OpCode.setData, path, data: Buffer.from('set'), version: 0 },
    { type: OpCode.create, path: `${path}/n-`, ...fields, flags: CreateMode.persistentSequential },
    { type: OpCode.check, path, version: 1 },
    { type: OpCode.delete, path: `${path}/a`, version: 0 },
  ])
  writer.expectOk(good, 'multi')
  await writer.session.call(OpCode.multi, multiRequest, [
    { type: OpCode.create, path: `${path}/b`, ...fields },
    { type: OpCode.check, path, version: 99 },
  ])
}
