import assert from 'node:assert/strict'
import { it } from 'node:test'
import { WatchStream } from '../src/watch-stream.ts'
import { ZooKeeperError } from '../src/zookeeper-error.ts'

function change(path: string): { type: 'nodeDataChanged'; path: string; zxid: number } {
  return { type: 'nodeDataChanged', path, zxid: 1 }
}

it('gives changes in order, whether they came before or after they were asked for', async () => {
  const stream = new WatchStream('/a', async () => {})
  stream.push(change('/a/1'))
  const first = await stream.next()
  const second = stream.next()
  stream.push(change('/a/2'))
  assert.deepEqual([first.value?.path, (await second).value?.path], ['/a/1', '/a/2'])
})

it('turns into a gap what a slow reader leaves lying', async () => {
  const stream = new WatchStream('/a', async () => {})
  for (let i = 0; i <= 10_000; i++) stream.push(change('/a'))
  assert.deepEqual((await stream.next()).value, { type: 'gap', path: '/a' })
  stream.push(change('/b'))
  assert.equal((await stream.next()).value?.path, '/b')
})

it('takes the watch away once, when the loop is left', async () => {
  let unwatched = 0
  const stream = new WatchStream('/a', async () => void unwatched++)
  stream.push(change('/a'))
  stream.push(change('/a'))
  for await (const seen of stream) {
    assert.equal(seen.path, '/a')
    break
  }
  await stream.return()
  assert.equal(unwatched, 1)
  assert.deepEqual(await stream.next(), { done: true, value: undefined })
})

it('tells what was there before its error, and the error once', async () => {
  const stream = new WatchStream('/a', async () => {})
  stream.push(change('/a'))
  stream.finish(new ZooKeeperError('SessionExpired'))
  assert.equal((await stream.next()).value?.path, '/a')
  await assert.rejects(stream.next(), { code: 'SessionExpired' })
  assert.deepEqual(await stream.next(), { done: true, value: undefined })
})
