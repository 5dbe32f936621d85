import assert from 'node:assert/strict'
import { it } from 'node:test'
import { deleteSubtree, listSubtree, type SubtreeAccess } from '../src/subtree.ts'
import { ZooKeeperError } from '../src/zookeeper-error.ts'

/** A tree of paths. `before` runs before each transaction, as another client would. */
class PathTree implements SubtreeAccess {
  readonly paths: Set<string>
  readonly batches: (readonly string[])[] = []
  before: () => void = () => {}

  constructor(...paths: readonly string[]) {
    this.paths = new Set(paths)
  }

  async children(path: string): Promise<readonly string[]> {
    if (!this.paths.has(path)) throw new ZooKeeperError('NoNode', { path })
    return [...this.paths]
      .filter(
        (child) => child.startsWith(`${path}/`) && !child.slice(path.length + 1).includes('/'),
      )
      .map((child) => child.slice(path.length + 1))
  }

  async deleteTogether(paths: readonly string[]): Promise<void> {
    this.before()
    const left = new Set(this.paths)
    for (const path of paths) {
      if ([...left].some((child) => child.startsWith(`${path}/`)))
        throw new ZooKeeperError('NotEmpty', { path })
      if (!left.delete(path)) throw new ZooKeeperError('NoNode', { path })
    }
    this.paths.clear()
    for (const path of left) this.paths.add(path)
    this.batches.push(paths)
  }
}

it('lists every node after its parent', async () => {
  const tree = new PathTree('/a', '/a/x', '/a/x/1', '/a/y', '/b')
  const paths = await listSubtree(tree, '/a')
  assert.deepEqual([...paths].toSorted(), ['/a', '/a/x', '/a/x/1', '/a/y'])
  for (const path of paths.slice(1))
    assert.ok(paths.indexOf(path.slice(0, path.lastIndexOf('/'))) < paths.indexOf(path))
})

it('deletes leaves first, in batches', async () => {
  const tree = new PathTree('/a', '/a/x', '/a/x/1', '/a/y', '/b')
  await deleteSubtree(tree, '/a', 3)
  assert.deepEqual([...tree.paths], ['/b'])
  assert.deepEqual(
    tree.batches.map((batch) => batch.length),
    [3, 1],
  )
})

it('keeps a batch below half of the default limit of a request', async () => {
  const long = 'x'.repeat(20_000)
  const tree = new PathTree('/a', ...Array.from({ length: 40 }, (_, i) => `/a/${long}${i}`))
  await deleteSubtree(tree, '/a', 100_000)
  assert.ok(tree.batches.length > 1)
  for (const batch of tree.batches) assert.ok(batch.join('').length < 512 * 1024)
})

it('starts over when a node comes or goes meanwhile', async () => {
  const tree = new PathTree('/a', '/a/x', '/a/y')
  const surprises = [
    (): unknown => tree.paths.add('/a/x/new'),
    (): unknown => tree.paths.delete('/a/y'),
  ]
  tree.before = () => void surprises.shift()?.()
  await deleteSubtree(tree, '/a', 1000)
  assert.equal(tree.paths.size, 0)
})

it('gives up on a tree that grows for ever, and on one that is not there', async () => {
  const tree = new PathTree('/a')
  let count = 0
  tree.before = () => void tree.paths.add(`/a/${count++}`)
  await assert.rejects(deleteSubtree(tree, '/a', 1000), { code: 'NotEmpty' })
  await assert.rejects(deleteSubtree(new PathTree(), '/a', 1000), { code: 'NoNode', path: '/a' })
})
