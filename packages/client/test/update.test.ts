import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import {
  create2Response,
  createRequest,
  encode,
  getDataResponse,
  OpCode,
  setDataRequest,
  type Stat,
  statResponse,
  utf8Encode,
} from '@quorate/protocol'
import { ZooKeeper } from '../src/index.ts'
import { FakeWorld, type Reply } from './support/fake-world.ts'
import { someStat } from './support/records.ts'
import { type Answers, reconnected, serve } from './support/scripted-server.ts'

let world: FakeWorld
let zk: ZooKeeper
/** The node of the server: none when undefined. */
let node: { value: string; stat: Stat } | undefined
/** Runs before each write that the server sees. */
let beforeWrite: () => void
let writes: number

beforeEach(async () => {
  world = new FakeWorld()
  zk = new ZooKeeper('a:1', {}, world)
  zk.connect()
  world.lastLink.accept()
  await world.settle()
  node = { value: '5', stat: { ...someStat, version: 0 } }
  beforeWrite = () => {}
  writes = 0
})

function write(value: string): void {
  node!.value = value
  node!.stat = { ...node!.stat, version: node!.stat.version + 1 }
}

const answers: Answers = {
  [OpCode.sync]: () => ({ body: new Uint8Array(4) }),
  [OpCode.getData](): Reply {
    if (node === undefined) return { err: -101 }
    return { body: encode(getDataResponse, { data: utf8Encode(node.value), stat: node.stat }) }
  },
  [OpCode.setData](request): Reply {
    beforeWrite()
    writes++
    const { data, version } = request.body(setDataRequest)
    if (node === undefined) return { err: -101 }
    if (version !== node.stat.version) return { err: -103 }
    write(Buffer.from(data!).toString())
    return { body: encode(statResponse, { stat: node.stat }) }
  },
  [OpCode.create2](request): Reply {
    beforeWrite()
    writes++
    const { path, data } = request.body(createRequest)
    if (node !== undefined) return { err: -110 }
    node = { value: Buffer.from(data!).toString(), stat: { ...someStat, version: 0 } }
    return { body: encode(create2Response, { path, stat: node.stat }) }
  },
}

/** Serves until the call is settled. */
async function served<T>(call: Promise<T>): Promise<T> {
  const seen = { isSettled: false }
  const settle = (): void => void (seen.isSettled = true)
  call.then(settle, settle)
  for (let round = 0; !seen.isSettled && round < 100; round++) {
    await serve(world, answers)
    await world.advance(1000)
  }
  return call
}

function increment(value: string): string {
  return String(Number(value) + 1)
}

describe('update', () => {
  it('writes what the function makes of the value, with the version it read', async () => {
    const { value, stat } = await served(zk.update('/n', increment))
    assert.deepEqual([value, stat.version, node!.value], ['6', 1, '6'])
  })

  it('asks again when others have written meanwhile', async () => {
    const seen: string[] = []
    beforeWrite = () => {
      if (writes === 0) write('10')
    }
    const updated = await served(
      zk.update('/n', async (value) => {
        seen.push(value)
        return increment(value)
      }),
    )
    assert.deepEqual([seen, updated.value, node!.value], [['5', '10'], '11', '11'])
  })

  it('leaves the node for undefined', async () => {
    const updated = await served(zk.update('/n', () => undefined))
    assert.deepEqual([updated.value, writes], ['5', 0])
  })

  it('gives up after so many tries', async () => {
    beforeWrite = () => write('0')
    await assert.rejects(served(zk.update('/n', increment, { triesMax: 3 })), {
      code: 'BadVersion',
      path: '/n',
      op: 'update',
      applied: 'no',
      message: /was written by others in each of 3 tries/,
    })
    assert.equal(writes, 3)
  })

  it('passes on what the function throws', async () => {
    const failed = zk.update('/n', () => {
      throw new TypeError('no')
    })
    await assert.rejects(served(failed), { name: 'TypeError' })
    await assert.rejects(zk.update('n', increment), { code: 'BadArguments' })
  })

  it('creates the node only when that is asked for', async () => {
    node = undefined
    await assert.rejects(served(zk.update('/n', increment)), { code: 'NoNode', applied: 'no' })
    const made = await served(zk.update('/n', (value) => increment(value ?? '0'), { create: true }))
    assert.deepEqual([made.value, made.stat.version, node!.value], ['1', 0, '1'])
    node = undefined
    await assert.rejects(served(zk.update('/n', () => undefined, { create: {} })), {
      code: 'NoNode',
    })
  })

  it('goes on when somebody else creates or deletes the node', async () => {
    node = undefined
    beforeWrite = () => {
      if (writes === 0) node = { value: '20', stat: { ...someStat, version: 0 } }
      if (writes === 1) node = undefined
    }
    const options = { create: true } as const
    const made = await served(zk.update('/n', (value) => increment(value ?? '0'), options))
    assert.deepEqual([made.value, writes], ['1', 3])
  })

  it('ends at the deadline of the whole, and at the signal', async () => {
    beforeWrite = () => write('0')
    const late = served(zk.update('/n', increment, { deadlineMs: 5000, triesMax: Infinity }))
    await assert.rejects(late, { code: 'OperationTimeout', path: '/n' })
    const abort = new AbortController()
    beforeWrite = () => {
      write('0')
      abort.abort()
    }
    const { signal } = abort
    await assert.rejects(served(zk.update('/n', increment, { signal })), { code: 'Aborted' })
  })
})

/** Runs up to the write, which the server may see, and loses the connection. */
async function lost(reaches: () => void): Promise<{ updated: Promise<{ value: string }> }> {
  const updated = zk.update('/n', increment)
  await world.settle()
  const [read] = world.lastLink.requests()
  world.lastLink.reply(read.xid, answers[OpCode.getData](read))
  await world.settle()
  assert.equal(world.lastLink.requests()[0].type, OpCode.setData)
  reaches()
  await reconnected(world)
  return { updated }
}

describe('an update whose answer is lost', () => {
  it('is made again when it was not made', async () => {
    const { updated } = await lost(() => {})
    assert.equal((await served(updated)).value, '6')
    assert.deepEqual([writes, node!.value], [1, '6'])
  })

  it('is made again on what another wrote in its place', async () => {
    const { updated } = await lost(() => write('30'))
    assert.equal((await served(updated)).value, '31')
  })

  it('is in doubt when it may have been made', async () => {
    for (const reaches of [
      () => write('6'),
      () => {
        write('6')
        write('7')
      },
      () => (node = undefined),
      () => (node!.stat = { ...node!.stat, czxid: 99 }),
    ]) {
      node = { value: '5', stat: { ...someStat, version: 0 } }
      const { updated } = await lost(reaches)
      await assert.rejects(served(updated), { code: 'ConnectionLoss', applied: 'unknown' })
    }
    assert.equal(writes, 0)
  })
})
