import assert from 'node:assert/strict'
import { it } from 'node:test'
import { splitWords } from '../../src/shell/words.ts'

const lines: readonly (readonly [string, readonly string[]])[] = [
  ['', []],
  ['   ', []],
  ['ls /', ['ls', '/']],
  ['  get   -s  /a ', ['get', '-s', '/a']],
  ['create /a "two words"', ['create', '/a', 'two words']],
  ['set /a \'{"k": 1}\'', ['set', '/a', '{"k": 1}']],
  ['create /a ""', ['create', '/a', '']],
  ["create /a it's", ['create', '/a', "it's"]],
  ['create "/a"b', ['create', '/a', 'b']],
]

for (const [line, words] of lines) {
  it(`splits ${JSON.stringify(line)}`, () => assert.deepEqual(splitWords(line), words))
}
