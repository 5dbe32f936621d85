import assert from 'node:assert/strict'
import { it } from 'node:test'
import { complete } from '../../src/shell/completion.ts'

const childrenByPath: Readonly<Record<string, readonly string[]>> = {
  '/': ['zookeeper', 'apple', 'app'],
  '/app': ['b', 'a'],
}
const children = async (path: string): Promise<readonly string[]> => childrenByPath[path] ?? []

it('offers commands for the first letters', async () => {
  assert.deepEqual(await complete('getA', children), {
    candidates: ['getAcl', 'getAllChildrenNumber'],
    word: 'getA',
  })
})

it('offers nodes, sorted and whole', async () => {
  assert.deepEqual((await complete('get /ap', children)).candidates, ['/app', '/apple'])
  assert.deepEqual((await complete('ls -s /app/', children)).candidates, ['/app/a', '/app/b'])
  assert.deepEqual((await complete('get /nope/x', children)).candidates, [])
})
