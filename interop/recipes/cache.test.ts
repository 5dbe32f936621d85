/** A cache beside a tree that others change, on servers that tell the transactions of events and on those that do not. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ZooKeeper } from '@quorate/client'
import { cache } from '@quorate/recipes'
import { Random } from '../differential/random.ts'
import { serversOfEitherKind } from '../harness/servers-under-test.ts'

const rounds = 20
const changesPerRound = 60

for (const underTest of serversOfEitherKind)
  test(`a cache ends equal to the tree on ${underTest.name}`, { timeout: 120_000 }, async () => {
    const server = await underTest.start({ configuration: ['tickTime=500'] })
    const writer = new ZooKeeper(server.address)
    const reader = new ZooKeeper(server.address)
    try {
      await writer.create('/cached')
      const tree = cache(reader, '/cached')
      await tree.ready()
      const told = new Map<string, string>([['/cached', '']])
      const following = (async () => {
        for await (const one of tree)
          if (one.type === 'removed') told.delete(one.path)
          else if (one.type !== 'invalid') told.set(one.path, one.node.value)
      })()
      const random = new Random(7)
      for (let round = 0; round < rounds; round++) {
        const changes = Array.from({ length: changesPerRound }, (_, i) =>
          change(writer, random, `${round}.${i}`),
        )
        await Promise.all(changes)
        const zxid = await tree.sync()
        assert.ok(zxid >= writer.lastZxid)
        const content = Object.fromEntries([...tree.nodes()].map((node) => [node.path, node.value]))
        assert.deepEqual(content, await contentOf(writer))
      }
      assert.ok(tree.size > 5)
      await tree.close()
      await following
      assert.deepEqual(Object.fromEntries(told), await contentOf(writer))
    } finally {
      await Promise.all([writer.close(), reader.close()])
      await server.dispose()
    }
  })

/** Some change of some node, which the server may refuse. */
async function change(zk: ZooKeeper, random: Random, value: string): Promise<void> {
  const names = Array.from({ length: 1 + random.below(3) }, () => 'abc'[random.below(3)]!)
  const path = `/cached/${names.join('/')}`
  const what = random.below(4)
  try {
    if (what === 0) await zk.delete(path)
    else if (what === 1) await zk.transaction().delete(path).create(path, value).commit()
    else if (what === 2) await zk.set(path, value)
    else await zk.create(path, value)
  } catch (error) {
    const { code } = error as { code: string }
    assert.ok(['NoNode', 'NodeExists', 'NotEmpty'].includes(code), code)
  }
}

async function contentOf(zk: ZooKeeper): Promise<Record<string, string>> {
  const paths = await zk.subtree('/cached')
  const values = await Promise.all(paths.map((path) => zk.get(path)))
  return Object.fromEntries(paths.map((path, i) => [path, values[i]!]))
}
