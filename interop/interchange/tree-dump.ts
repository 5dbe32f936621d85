/** All that a server tells of its tree, so that two servers on the same data can be held against each other. */
import {
  type Acl,
  authPacket,
  type GetAclResponse,
  getAclResponse,
  getChildrenResponse,
  type GetDataResponse,
  getDataResponse,
  OpCode,
  pathRecord,
  pathWatchRequest,
  type Stat,
} from '@quorate/protocol'
import { RawSession } from '../harness/raw-session.ts'

export interface NodeDump {
  readonly path: string
  /** As hex; null data is not the same as none. */
  readonly data: string | null
  readonly stat: Stat
  readonly acl: readonly Acl[] | null
}

/** Every node in the order of its path, read as the super user. */
export async function dumpTree(port: number, superUser: string): Promise<readonly NodeDump[]> {
  const session = await RawSession.open(port)
  try {
    await authenticate(session, superUser)
    const nodes: NodeDump[] = []
    await dumpBelow(session, '/', nodes)
    return nodes.toSorted((a, b) => (a.path < b.path ? -1 : 1))
  } finally {
    await session.close()
  }
}

/** @param identity user:password */
export async function authenticate(session: RawSession, identity: string): Promise<void> {
  const { err } = await session.call(OpCode.auth, authPacket, {
    type: 0,
    scheme: 'digest',
    auth: Buffer.from(identity),
  })
  if (err !== 0) throw new Error(`authentication failed with ${err}`)
}

async function dumpBelow(session: RawSession, path: string, nodes: NodeDump[]): Promise<void> {
  nodes.push(await dumpNode(session, path))
  const request = { path, watch: false }
  const { children } = await session.ask(
    OpCode.getChildren,
    pathWatchRequest,
    request,
    getChildrenResponse,
  )
  for (const child of children)
    await dumpBelow(session, path === '/' ? `/${child}` : `${path}/${child}`, nodes)
}

async function dumpNode(session: RawSession, path: string): Promise<NodeDump> {
  const { data, stat }: GetDataResponse = await session.ask(
    OpCode.getData,
    pathWatchRequest,
    { path, watch: false },
    getDataResponse,
  )
  const { acl }: GetAclResponse = await session.ask(
    OpCode.getACL,
    pathRecord,
    { path },
    getAclResponse,
  )
  return { path, data: data === null ? null : Buffer.from(data).toString('hex'), stat, acl }
}
