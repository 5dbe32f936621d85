import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import { encode, type MultiResult, multiRequest, multiResponse, OpCode } from '@quorate/protocol'
import { ZooKeeper } from '../src/index.ts'
import { FakeWorld, type Reply, type SeenRequest } from './support/fake-world.ts'
import { childrenBody, someStat } from './support/records.ts'
import { serve } from './support/scripted-server.ts'

let world: FakeWorld
let zk: ZooKeeper
/** How many reads each request had. */
let sizes: number[]

beforeEach(async () => {
  world = new FakeWorld()
  zk = new ZooKeeper('a:1/app', { replyBytesMax: 2_000_000 }, world)
  zk.connect()
  world.lastLink.accept()
  await world.settle()
  sizes = []
})

/** A server with these children, each of which holds its own path, or has what `odd` says. */
function answers(
  names: readonly string[],
  odd: Readonly<Record<string, MultiResult>> = {},
  valueBytes = 0,
): Record<number, (request: SeenRequest) => Reply> {
  return {
    [OpCode.getChildren]: () => ({ body: childrenBody(...names) }),
    [OpCode.multiRead](request) {
      const reads = request.body(multiRequest)
      sizes.push(reads.length)
      const results = reads.map(({ path }): MultiResult => {
        const data = Buffer.from(path.padEnd(valueBytes))
        return odd[path] ?? { type: OpCode.getData, data, stat: someStat }
      })
      return { body: encode(multiResponse, results) }
    },
  }
}

describe('children with values', () => {
  it('come in the order of their names, with their paths', async () => {
    const read = zk.childrenWithValues('/')
    await serve(world, answers(['b', 'a']))
    assert.deepEqual(await read, [
      { name: 'a', path: '/a', value: '/app/a', stat: someStat },
      { name: 'b', path: '/b', value: '/app/b', stat: someStat },
    ])
  })

  it('are read in requests of a bounded size', async () => {
    const names = Array.from({ length: 1200 }, (_, i) => `child-${i}`)
    const read = zk.childrenWithValues('/many')
    await serve(world, answers(names))
    assert.equal((await read).length, 1200)
    assert.deepEqual(sizes, [500, 500, 200])
    sizes = []
    const long = zk.childrenWithValues('/long')
    await serve(world, answers(names.slice(0, 300).map((name) => name.padEnd(5000, 'x'))))
    assert.equal((await long).length, 300)
    assert.deepEqual(sizes, [104, 104, 92])
  })

  it('are asked for in halves when the reply is too long', async () => {
    const read = zk.childrenWithValues('/a')
    const names = Array.from({ length: 8 }, (_, i) => `${i}`)
    await serve(world, answers(names, {}, 600_000))
    assert.deepEqual(
      (await read).map(({ name }) => name),
      names,
    )
    assert.deepEqual(sizes, [8, 4, 2, 2, 4, 2, 2])
  })

  it('that are gone meanwhile are left out, and any other failure is told', async () => {
    const read = zk.childrenWithValues('/a')
    await serve(world, answers(['b', 'c'], { '/app/a/b': { type: -1, err: -101 } }))
    assert.deepEqual(
      (await read).map(({ name }) => name),
      ['c'],
    )
    const refused = assert.rejects(zk.childrenWithValues('/a'), { code: 'NoAuth', path: '/a/b' })
    await serve(world, answers(['b', 'c'], { '/app/a/b': { type: -1, err: -102 } }))
    await refused
  })

  it('are none for a node without children', async () => {
    const read = zk.childrenWithValues('/a', { codec: 'json' })
    await serve(world, answers([]))
    assert.deepEqual([await read, sizes], [[], []])
  })
})
