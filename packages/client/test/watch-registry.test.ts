import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { encode, EventType, setWatches2Request, WatcherType } from '@quorate/protocol'
import type { ChangeListener } from '../src/change.ts'
import { type WatchKind, WatchRegistry } from '../src/watch-registry.ts'

function listener(): ChangeListener {
  return () => {}
}

function registryOf(
  ...watches: readonly (readonly [WatchKind, string, ChangeListener])[]
): WatchRegistry<ChangeListener> {
  const registry = new WatchRegistry<ChangeListener>()
  for (const watch of watches) registry.add(...watch)
  return registry
}

describe('an event', () => {
  it('takes one-shot watches of its kind away and leaves the others', () => {
    const [data, child] = [listener(), listener()]
    const registry = registryOf(['data', '/a', data], ['child', '/a', child])
    assert.deepEqual(registry.fire(EventType.nodeDataChanged, '/a'), new Set([data]))
    assert.equal(registry.fire(EventType.nodeDataChanged, '/a').size, 0)
    assert.deepEqual(registry.fire(EventType.nodeDeleted, '/a'), new Set([child]))
    assert.equal(registry.hasAny('/a'), false)
  })

  it('tells one listener once, in however many tables it is', () => {
    const one = listener()
    const registry = registryOf(
      ['data', '/a', one],
      ['child', '/a', one],
      ['persistent', '/a', one],
      ['persistentRecursive', '/', one],
    )
    assert.deepEqual(registry.fire(EventType.nodeDeleted, '/a'), new Set([one]))
  })

  it('reaches recursive watches on every node above, the root included', () => {
    const [root, a, ab, other] = [listener(), listener(), listener(), listener()]
    const registry = registryOf(
      ['persistentRecursive', '/', root],
      ['persistentRecursive', '/a', a],
      ['persistentRecursive', '/a/b', ab],
      ['persistentRecursive', '/ab', other],
    )
    assert.deepEqual(registry.fire(EventType.nodeCreated, '/a/b/c'), new Set([ab, a, root]))
    assert.deepEqual(registry.fire(EventType.nodeCreated, '/a'), new Set([a, root]))
    assert.deepEqual(registry.fire(EventType.nodeCreated, '/'), new Set([root]))
  })

  it('of the children is not for recursive watches, though old servers send it', () => {
    const [recursive, exact] = [listener(), listener()]
    const registry = registryOf(
      ['persistentRecursive', '/a', recursive],
      ['persistent', '/a', exact],
    )
    assert.deepEqual(registry.fire(EventType.nodeChildrenChanged, '/a'), new Set([exact]))
  })
})

describe('removal', () => {
  it("says what was removed, by ZooKeeper's names", () => {
    const one = listener()
    const registry = registryOf(
      ['exist', '/a', one],
      ['child', '/a', one],
      ['persistent', '/a', one],
    )
    assert.deepEqual(
      [...registry.remove('/a', WatcherType.any).keys()],
      ['childWatchRemoved', 'dataWatchRemoved', 'persistentWatchRemoved'],
    )
    assert.equal(registry.remove('/a', WatcherType.any).size, 0)
  })

  it('of a listener says when it was the last', () => {
    const [one, two] = [listener(), listener()]
    const registry = registryOf(['persistent', '/a', one], ['persistent', '/a', two])
    assert.equal(registry.removeListener('persistent', '/a', one), false)
    assert.equal(registry.removeListener('persistent', '/a', one), false)
    assert.equal(registry.removeListener('persistent', '/a', two), true)
  })
})

describe('registration anew', () => {
  it('splits into requests below 128 KiB that hold every watch once', () => {
    const registry = new WatchRegistry<ChangeListener>()
    const kinds: readonly WatchKind[] = [
      'data',
      'exist',
      'child',
      'persistent',
      'persistentRecursive',
    ]
    for (let i = 0; i < 10_000; i++)
      registry.add(kinds[i % kinds.length], `/${'ü'.repeat(15)}/${i}`, listener())
    const requests = [...registry.setWatches(7)]
    assert.ok(requests.length > 2)
    for (const request of requests)
      assert.ok(encode(setWatches2Request, request).length <= 128 * 1024)
    const paths = requests.flatMap((request) => [
      ...request.dataWatches,
      ...request.existWatches,
      ...request.childWatches,
      ...request.persistentWatches,
      ...request.persistentRecursiveWatches,
    ])
    assert.equal(paths.length, 10_000)
    assert.equal(new Set(paths).size, 10_000)
    assert.ok(requests.every((request) => request.relativeZxid === 7))
  })

  it('needs no request when there is no watch', () => {
    assert.deepEqual([...new WatchRegistry<ChangeListener>().setWatches(7)], [])
  })
})
