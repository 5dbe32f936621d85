import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isValidPath, lastSlash, pathProblem, utf8Encode } from '@quorate/protocol'
import * as fc from 'fast-check'

const forbiddenRanges = [
  [0, 0x1f],
  [0x7f, 0x9f],
  [0xd800, 0xf8ff],
  [0xfff0, 0xffff],
] as const

function isAllowedUnit(unit: number): boolean {
  return !forbiddenRanges.some(([from, to]) => unit >= from && unit <= to)
}

/** The rules as the facts state them, component by component and code unit by code unit. */
function isPlainlyValid(path: string): boolean {
  if (path === '/') return true
  if (!path.startsWith('/')) return false
  return path
    .slice(1)
    .split('/')
    .every(
      (name) =>
        name !== '' &&
        name !== '.' &&
        name !== '..' &&
        Array.from({ length: name.length }, (_, i) => name.charCodeAt(i)).every(isAllowedUnit),
    )
}

const unit = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom('/', '/', '.', 'a', '-', '~', ' ') },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      '\u0000',
      '\u001f',
      '\u007e',
      '\u007f',
      '\u0080',
      '\u009f',
      '\u00a0',
      '\u2028',
      '\ud7ff',
      '\ud800',
      '\udc00',
      '\ue000',
      '\uf8ff',
      '\uf900',
      '\uffef',
      '\ufff0',
      '\uffff',
    ),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }) },
)
const path = fc.tuple(fc.constantFrom('', '/'), fc.string({ unit })).map((parts) => parts.join(''))

test('a path is valid by the rules, and only then', () => {
  fc.assert(
    fc.property(path, (text) => {
      assert.equal(pathProblem(text) === undefined, isPlainlyValid(text), JSON.stringify(text))
    }),
    { numRuns: 5_000 },
  )
})

test('bytes are a valid path exactly when their text is one', () => {
  fc.assert(
    fc.property(path, fc.nat(3), (text, gap) => {
      const encoded = utf8Encode(text)
      const bytes = new Uint8Array(gap + encoded.length + gap).fill(0x61)
      bytes.set(encoded, gap)
      // A lone surrogate is encoded as U+FFFD, which is as forbidden.
      assert.equal(isValidPath(bytes, gap, gap + encoded.length), isPlainlyValid(text))
    }),
    { numRuns: 5_000 },
  )
})

test('bytes that are no UTF-8 are no path', () => {
  for (const bytes of [
    Uint8Array.of(0x2f, 0x80),
    Uint8Array.of(0x2f, 0xc0, 0xaf),
    Uint8Array.of(0x2f, 0xe2, 0x82),
    Uint8Array.of(0x2f, 0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80),
  ]) {
    assert.equal(isValidPath(bytes, 0, bytes.length), false)
  }
})

test('what is wrong is said', () => {
  const problems = ['', 'a', '/a/', '/a//b', '/a/./b', '/..', '/\u0001'].map(pathProblem)
  assert.equal(problems.includes(undefined), false)
  assert.equal(new Set(problems).size, 6, 'the two relative components share one clause')
})

test('the last slash of a span is found, and none outside of it', () => {
  const bytes = utf8Encode('/a/b/c')
  assert.equal(lastSlash(bytes, 0, bytes.length), 4)
  assert.equal(lastSlash(bytes, 0, 4), 2)
  assert.equal(lastSlash(bytes, 0, 1), 0)
  assert.equal(lastSlash(bytes, 5, 6), -1)
  assert.equal(lastSlash(bytes, 1, 2), -1)
})
