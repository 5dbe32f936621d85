/** All that a server tells of its tree, so that two servers on the same data can be held against each other. */
import {
  type Acl,
  authPacket,
  type Codec,
  decode,
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

const nodesAtOnce = 50

/** A tree read by many requests at once on a busy machine takes its time. */
const replyTimeoutMs = 60_000

export interface NodeDump {
  readonly path: string
  /** As hex; null data is not the same as none. */
  readonly data: string | null
  readonly stat: Stat
  readonly acl: readonly Acl[] | null
}

/** Every node in the order of its path, read as the super user. */
export async function dumpTree(
  port: number,
  superUser: string,
  host = '127.0.0.1',
): Promise<readonly NodeDump[]> {
  const session = await RawSession.open(port, { timeOut: replyTimeoutMs, host })
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

/** Level by level, many requests on the way at once. */
async function dumpBelow(session: RawSession, path: string, nodes: NodeDump[]): Promise<void> {
  for (let level: readonly string[] = [path]; level.length > 0;) {
    const next: string[] = []
    for (let at = 0; at < level.length; at += nodesAtOnce) {
      const paths = level.slice(at, at + nodesAtOnce)
      for (const each of paths) sendRequests(session, each)
      for (const each of paths) {
        const { node, children } = await receiveNode(session, each)
        nodes.push(node)
        for (const child of children) next.push(each === '/' ? `/${child}` : `${each}/${child}`)
      }
    }
    level = next
  }
}

function sendRequests(session: RawSession, path: string): void {
  session.send(OpCode.getData, pathWatchRequest, { path, watch: false })
  session.send(OpCode.getACL, pathRecord, { path })
  session.send(OpCode.getChildren, pathWatchRequest, { path, watch: false })
}

async function receiveNode(
  session: RawSession,
  path: string,
): Promise<{ readonly node: NodeDump; readonly children: readonly string[] }> {
  const { data, stat }: GetDataResponse = await receive(session, path, getDataResponse)
  const { acl }: GetAclResponse = await receive(session, path, getAclResponse)
  const { children } = await receive(session, path, getChildrenResponse)
  const text = data === null ? null : Buffer.from(data).toString('hex')
  return { node: { path, data: text, stat, acl }, children }
}

async function receive<R>(session: RawSession, path: string, response: Codec<R>): Promise<R> {
  const { err, body } = await session.reply(replyTimeoutMs)
  if (err !== 0) throw new Error(`reading ${path} failed with ${err}`)
  return decode(response, body)
}
