import assert from 'node:assert/strict'
import { it } from 'node:test'
import * as fc from 'fast-check'
import { pathProblem } from '@quorate/protocol'
import { checkPath } from '../../src/shell/path-check.ts'

const refused: readonly (readonly [string, string])[] = [
  ['', 'Path length must be > 0'],
  ['a', 'Path must start with / character'],
  ['/a/', 'Path must not end with / character'],
  ['//a', 'Invalid path string "//a" caused by empty node name specified @1'],
  ['/a/../b', 'Invalid path string "/a/../b" caused by relative paths not allowed @4'],
  ['/a/.', 'Invalid path string "/a/." caused by relative paths not allowed @3'],
  ['/a\u0000', 'Invalid path string "/a\u0000" caused by null character not allowed @2'],
  ['/a\u0007', 'Invalid path string "/a\u0007" caused by invalid character @2'],
]

for (const [path, message] of refused) {
  it(`says what is wrong with ${JSON.stringify(path)}`, () => {
    assert.throws(() => checkPath(path), { message })
  })
}

it('lets a sequential node have an empty name', () => {
  assert.equal(checkPath('/a/', true), '/a/')
})

it('refuses what the protocol refuses, and nothing else', () => {
  const paths = fc.string({ unit: fc.constantFrom('/', '.', 'a', '\u0001', 'ü'), maxLength: 8 })
  fc.assert(
    fc.property(paths, (path) => {
      if (pathProblem(path) === undefined) assert.equal(checkPath(path), path)
      else assert.throws(() => checkPath(path))
    }),
  )
})
