import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { group, groupMember, party } from '../../src/index.ts'
import { other, path, server, zk, useTwoClients } from '../support/two-clients.ts'

const limits = { timeout: 20_000 }

useTwoClients('/groups')

describe('a group', () => {
  it('shows who is in, and what they say', limits, async () => {
    const codec = 'json'
    const a = groupMember(zk, path, { id: 'a', value: { load: 1 }, codec })
    await a.ready()
    const b = groupMember(other, path, { id: 'b', value: { load: 2 }, codec })
    await b.ready()
    assert.deepEqual(Object.fromEntries(await b.sync()), { a: { load: 1 }, b: { load: 2 } })
    await b.set({ load: 3 })
    assert.deepEqual((await a.sync()).get('b'), { load: 3 })
    assert.ok(a.isIn)
    await b.close()
    assert.deepEqual([...(await a.sync()).keys()], ['a'])
    await a.close()
  })

  it('is followed by who is not in it', limits, async () => {
    await using watched = group(other, path)
    const states: string[][] = []
    const a = groupMember(zk, path, { id: 'a', value: '' })
    const watching = (async () => {
      for await (const members of watched) {
        states.push([...members.keys()])
        if (states.length > 1 && members.size === 0) return
        if (members.size === 1) await a.close()
      }
    })()
    await a.ready()
    await watching
    assert.deepEqual(states.at(-1), [])
    assert.ok(states.some((members) => members[0] === 'a'))
  })

  it('loses a member with its session', limits, async () => {
    const lost = await server.client()
    const a = groupMember(lost, path, { id: 'a', value: '' })
    await a.ready()
    await using watched = group(other, path)
    assert.equal((await watched.sync()).size, 1)
    await server.expire(lost)
    assert.equal((await watched.sync()).size, 0)
    await a.close()
  })
})

describe('a party', () => {
  for (const shallow of [false, true])
    it(
      `counts members, as kazoo's ${shallow ? 'ShallowParty' : 'Party'} does`,
      limits,
      async () => {
        await using mine = party(zk, path, { shallow })
        await using theirs = party(other, path, { shallow })
        const one = await mine.join('host-1')
        await mine.join('host-1')
        await theirs.join('host-2')
        const sorted = (await theirs.sync()).toSorted()
        assert.deepEqual(sorted, ['host-1', 'host-1', 'host-2'])
        const names = await zk.children(path)
        const pattern = shallow ? /^[0-9a-f]{32}-host-\d$/ : /^[0-9a-f]{32}__party__$/
        for (const name of names) assert.match(name, pattern)
        await one.close()
        assert.equal((await mine.sync()).length, 2)
      },
    )
})
