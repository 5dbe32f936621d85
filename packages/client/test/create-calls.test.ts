import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import {
  creatorAcl,
  createRequest,
  encode,
  getChildrenResponse,
  OpCode,
  pathRecord,
  pathWatchRequest,
  statResponse,
} from '@quorate/protocol'
import { ZooKeeper } from '../src/index.ts'
import { FakeWorld, type Reply, type SeenRequest } from './support/fake-world.ts'
import { pathBody, someStat } from './support/records.ts'
import { reconnected, serve } from './support/scripted-server.ts'

const sessionId = 0x1234n

let world: FakeWorld
let zk: ZooKeeper
/** The owners of the nodes that the server has. */
let nodes: Map<string, bigint>
/** The paths of all creates that the server saw. */
let created: string[]
let acls: unknown[]
let syncs: number

beforeEach(async () => {
  world = new FakeWorld()
  zk = new ZooKeeper('a:1/app', {}, world)
  zk.connect()
  world.lastLink.accept()
  await world.settle()
  nodes = new Map([['/', 0n]])
  created = []
  acls = []
  syncs = 0
})

function create(request: SeenRequest): Reply {
  const { path, acl, flags } = request.body(createRequest)
  created.push(path)
  acls.push(acl)
  if (nodes.has(path)) return { err: -110 }
  if (!nodes.has(path.slice(0, Math.max(1, path.lastIndexOf('/'))))) return { err: -101 }
  nodes.set(path, (flags & 1) === 1 ? sessionId : 0n)
  return { body: pathBody(path) }
}

const answers = {
  [OpCode.create]: create,
  [OpCode.sync](): Reply {
    syncs++
    return { body: pathBody('/') }
  },
  [OpCode.getChildren](request: SeenRequest): Reply {
    const { path } = request.body(pathWatchRequest)
    const names = [...nodes.keys()].filter((node) => node.startsWith(`${path}/`))
    const children = names.map((node) => node.slice(path.length + 1))
    return { body: encode(getChildrenResponse, { children }) }
  },
  [OpCode.exists](request: SeenRequest): Reply {
    const ephemeralOwner = nodes.get(request.body(pathRecord).path)
    if (ephemeralOwner === undefined) return { err: -101 }
    return { body: encode(statResponse, { stat: { ...someStat, ephemeralOwner } }) }
  },
}

describe('createParents', () => {
  it('asks once when the parents are there', async () => {
    nodes.set('/app', 0n)
    const made = zk.create('/a', '', { createParents: true })
    await serve(world, answers)
    assert.deepEqual([await made, created], ['/a', ['/app/a']])
  })

  it('creates what is missing in one batch, the root of the client included', async () => {
    const made = zk.create('/a/b/c', '', { createParents: true, ephemeral: true, acl: creatorAcl })
    await serve(world, answers)
    assert.equal(await made, '/a/b/c')
    assert.deepEqual(created, ['/app/a/b/c', '/app', '/app/a', '/app/a/b', '/app/a/b/c'])
    assert.ok(acls.every((acl) => JSON.stringify(acl) === JSON.stringify(creatorAcl)))
    assert.deepEqual([...nodes.values()], [0n, 0n, 0n, 0n, sessionId])
  })

  it('says why a parent could not be created', async () => {
    const made = assert.rejects(zk.create('/a/b', '', { createParents: true }), {
      code: 'NoAuth',
      path: '/a',
    })
    await serve(world, {
      [OpCode.create](request) {
        const { path } = request.body(createRequest)
        return { err: path === '/app' ? -110 : path === '/app/a' ? -102 : -101 }
      },
    })
    await made
  })

  it('does not go on for ever where parents vanish', async () => {
    const made = assert.rejects(zk.create('/a/b', '', { createParents: true }), { code: 'NoNode' })
    await serve(world, {
      [OpCode.create](request) {
        created.push('')
        const { path } = request.body(createRequest)
        return path.endsWith('/b') ? { err: -101 } : { body: pathBody(path) }
      },
    })
    await made
    assert.equal(created.length, 10 + 9 * 2)
  })

  it('writes the bytes as they were when the call was made', async () => {
    const bytes = new Uint8Array([1])
    const made = zk.create('/a', bytes, { createParents: true, codec: 'bytes' })
    bytes[0] = 2
    const seen: unknown[] = []
    await serve(world, {
      [OpCode.create](request) {
        const answer = request.body(createRequest)
        if (answer.path === '/app/a') seen.push(answer.data![0])
        if (nodes.has('/app') || answer.path === '/app') nodes.set(answer.path, 0n)
        return nodes.has(answer.path) ? { body: pathBody(answer.path) } : { err: -101 }
      },
    })
    await made
    assert.deepEqual(seen, [1, 1])
  })
})

/** Sends the create, which the server may see, and loses the connection. */
async function lost(isSeen: boolean): Promise<void> {
  nodes.set('/app', 0n)
  await world.settle()
  const [request] = world.lastLink.requests()
  if (isSeen) create(request)
  else request.body(createRequest)
  await reconnected(world)
}

describe('a protected create', () => {
  const identity =
    /^\/app\/_c_[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}-lock-$/

  it('is found when it was made before the answer was lost', async () => {
    const made = zk.create('/lock-', '', { protected: true, ephemeral: true, sequential: true })
    await lost(true)
    await serve(world, answers)
    assert.match(created[0], identity)
    assert.equal(`/app${await made}`, created[0])
    assert.deepEqual([created.length, syncs], [1, 1])
  })

  it('is made when it was not', async () => {
    const made = zk.createWithStat('/lock-', '', { protected: true, sequential: true })
    await lost(false)
    const withStat = {
      [OpCode.create2]: (request: SeenRequest) => {
        const { path } = request.body(createRequest)
        nodes.set(path, 0n)
        return { body: Buffer.concat([pathBody(path), encode(statResponse, { stat: someStat })]) }
      },
    }
    await serve(world, { ...answers, ...withStat })
    assert.match(`/app${(await made).path}`, identity)
    assert.equal(syncs, 1)
  })

  it('does not take what a lost session left behind for its own', async () => {
    const made = zk.create('/lock-', '', { protected: true, ephemeral: true })
    await lost(true)
    nodes.set(created[0], 0x99n)
    let digit = 0
    world.random.next = () => digit++ / 100
    await serve(world, answers)
    assert.equal(created.length, 2)
    assert.notEqual(created[0], created[1])
    assert.equal(`/app${await made}`, created[1])
  })

  it('is in doubt when nobody can be asked in time', async () => {
    const options = { protected: true, deadlineMs: 5000 }
    const made = assert.rejects(zk.create('/lock-', '', options), {
      code: 'OperationTimeout',
      applied: 'unknown',
    })
    await lost(true)
    await world.advance(5000)
    await made
  })

  it('cannot be kept over sessions', async () => {
    const options = { protected: true, ephemeral: true, keep: true }
    await assert.rejects(zk.create('/lock', '', options), {
      code: 'BadArguments',
      message: /a protected node cannot be kept/,
    })
  })
})
