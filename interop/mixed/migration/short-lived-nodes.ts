/** Containers and nodes with a time to live: each must be gone some time after it is no longer needed, whoever leads. */
import {
  CreateMode,
  createRequest,
  createTtlRequest,
  getChildrenResponse,
  OpCode,
  openAcl,
  pathVersionRequest,
  pathWatchRequest,
} from '@quorate/protocol'
import { eventually } from '../../harness/eventually.ts'
import { RawSession } from '../../harness/raw-session.ts'

const root = '/short-lived'
const timeToLiveMs = 1_000
const goneTimeoutMs = 60_000

/** CreateMode's number for a persistent node with a time to live. */
const persistentWithTtl = 5

export async function prepareShortLived(port: number): Promise<void> {
  await within(port, (session) => expectDone(session, root, CreateMode.persistent))
}

/** Makes an emptied container and a node with a time to live. */
export async function leaveShortLived(port: number, name: string): Promise<void> {
  await within(port, async (session) => {
    const container = `${root}/container-${name}`
    await expectDone(session, container, CreateMode.container)
    await expectDone(session, `${container}/child`, CreateMode.persistent)
    const child = { path: `${container}/child`, version: -1 }
    expectOk((await session.call(OpCode.delete, pathVersionRequest, child)).err, 'delete')
    const ttl = { path: `${root}/ttl-${name}`, flags: persistentWithTtl, ttl: timeToLiveMs }
    const fields = { data: null, acl: openAcl }
    expectOk(
      (await session.call(OpCode.createTTL, createTtlRequest, { ...ttl, ...fields })).err,
      ttl.path,
    )
  })
}

/** @throws Error when one of them stays */
export async function awaitShortLivedGone(port: number): Promise<void> {
  let left = ''
  const wait = {
    what: 'containers and TTL nodes to go',
    timeoutMs: goneTimeoutMs,
    explain: () => left,
  }
  await within(port, (session) =>
    eventually(wait, async () => {
      const request = { path: root, watch: false }
      const { children } = await session.ask(
        OpCode.getChildren,
        pathWatchRequest,
        request,
        getChildrenResponse,
      )
      left = children.join(', ')
      return children.length === 0 || undefined
    }),
  )
}

async function within<R>(port: number, work: (session: RawSession) => Promise<R>): Promise<R> {
  const session = await RawSession.open(port, { timeOut: 2 * goneTimeoutMs })
  try {
    return await work(session)
  } finally {
    await session.close()
  }
}

async function expectDone(session: RawSession, path: string, flags: CreateMode): Promise<void> {
  const type = flags === CreateMode.container ? OpCode.createContainer : OpCode.create
  const request = { path, data: null, acl: openAcl, flags }
  expectOk((await session.call(type, createRequest, request)).err, path)
}

function expectOk(err: number, what: string): void {
  if (err !== 0) throw new Error(`${what} failed with ${err}`)
}
