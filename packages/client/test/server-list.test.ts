import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ServerList } from '../src/server-list.ts'

const servers = ['a', 'b', 'c'].map((host) => ({ host, port: 1 }))

function seeded(...values: readonly number[]): { next(): number } {
  let at = 0
  return { next: () => values[at++ % values.length] ?? 0 }
}

it('goes round all servers, in an order that the random numbers give', () => {
  const list = new ServerList(servers, seeded(0, 0.99))
  const hosts = Array.from({ length: 6 }, () => list.next().host)
  assert.equal(new Set(hosts.slice(0, 3)).size, 3)
  assert.deepEqual(hosts.slice(3), hosts.slice(0, 3))
  const other = new ServerList(servers, seeded(0.99, 0.99))
  assert.notDeepEqual(
    Array.from({ length: 3 }, () => other.next().host),
    hosts.slice(0, 3),
  )
})

it('doubles the pause with each pass over all servers, up to a second', () => {
  const list = new ServerList(servers, seeded(0.5))
  const pauses = Array.from({ length: 30 }, () => list.pauseMs())
  assert.deepEqual(pauses.slice(0, 9), [25, 25, 25, 50, 50, 50, 100, 100, 100])
  assert.equal(pauses.at(-1), 500)
  list.succeeded()
  assert.equal(list.pauseMs(), 25)
})

function serversOf(...hosts: readonly string[]): { host: string; port: number }[] {
  return hosts.map((host) => ({ host, port: 1 }))
}

/** A small generator of even random numbers. */
function even(seed: number): { next(): number } {
  let state = seed
  return {
    next: () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
      return state / 2 ** 32
    },
  }
}

describe('another list', () => {
  const clients = 12_000

  /** How many clients are on each server after the change, of clients that were spread evenly before. */
  function loads(before: string, after: string): Map<string, number> {
    const random = even(7)
    const counts = new Map<string, number>()
    for (let i = 0; i < clients; i++) {
      const list = new ServerList(serversOf(...before.split('')), random)
      const current = list.next()
      const moves = list.update(serversOf(...after.split('')), current)
      const { host } = moves ? list.next() : current
      counts.set(host, (counts.get(host) ?? 0) + 1)
    }
    return counts
  }

  for (const [before, after] of [
    ['abc', 'abcd'],
    ['abc', 'abcdefg'],
    ['abcde', 'abc'],
    ['abc', 'cde'],
    ['abcde', 'abf'],
    ['ab', 'bcde'],
    ['abc', 'def'],
  ] as const)
    it(`spreads the clients of ${before} evenly over ${after}`, () => {
      const counts = loads(before, after)
      assert.deepEqual([...counts.keys()].toSorted(), after.split(''))
      for (const count of counts.values())
        assert.ok(
          Math.abs(count / (clients / after.length) - 1) < 0.08,
          JSON.stringify([...counts]),
        )
    })

  it('that is the same moves nobody', () => {
    const list = new ServerList(servers, seeded(0))
    const order = Array.from({ length: 3 }, () => list.next())
    assert.equal(list.update(servers.toReversed(), order[0]), false)
    assert.deepEqual(
      Array.from({ length: 3 }, () => list.next()),
      order,
    )
  })

  it('is gone round when the servers to move to do not answer', () => {
    const list = new ServerList(serversOf('a', 'b'), even(3))
    assert.equal(list.update(serversOf('b', 'c', 'd'), { host: 'a', port: 1 }), true)
    const tried = Array.from({ length: 3 }, () => list.next().host)
    assert.deepEqual(tried.slice(0, 2).toSorted(), ['c', 'd'])
    assert.equal(tried[2], 'b')
    assert.equal(new Set(Array.from({ length: 3 }, () => list.next().host)).size, 3)
  })

  it('moves nobody who has no connection', () => {
    const list = new ServerList(serversOf('a'), even(3))
    assert.equal(list.update(serversOf('b'), undefined), false)
    assert.equal(list.next().host, 'b')
  })
})

it('can be asked for one server first', () => {
  const list = new ServerList(servers, seeded(0.5))
  list.prefer({ host: 'c', port: 1 })
  assert.equal(list.next().host, 'c')
})
