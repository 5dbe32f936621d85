import assert from 'node:assert/strict'
import { it } from 'node:test'
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
