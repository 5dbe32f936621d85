import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decisionRecord } from '../generate-adr-index.ts'
import { compatibilityNotes } from '../generate-compatibility.ts'
import { errorCodeFamilies } from '../generate-errors.ts'
import { replaceRegion } from '../generated-region.ts'
import { referencedFiles } from '../source-graph.ts'
import { codeLineCount } from '../source-lines.ts'

const word = 'Compatibility:'

test('a note is the paragraph of the comment that starts with the word', () => {
  const source = [
    '/**',
    ' * What it is for.',
    ' *',
    ` * ${word} one is`,
    ' * two.',
    ' *',
    ' * Something else.',
    ' */',
    `const a = 1 // ${word} a side`,
    '// note.',
    'const b = 2',
    `/** ${word} {@link a} alone. */`,
  ].join('\n')
  assert.deepEqual(
    compatibilityNotes('f.ts', source).map(({ text }) => text),
    ['One is two.', 'A side note.', '`a` alone.'],
  )
})

test('two notes in one comment stay two', () => {
  const source = `// ${word} first,\n// still.\n// ${word} second.`
  assert.deepEqual(
    compatibilityNotes('f.ts', source).map(({ text }) => text),
    ['First, still.', 'Second.'],
  )
})

test('a union of error codes gives its members with their comments', () => {
  const source = `
/** Not a member. */
export type DoorErrorCode =
  /** The door is shut. */
  | 'DOOR_SHUT'
  /** The door
   * is {@link open}. */
  | 'DOOR_OPEN'

export type Other = 'x'
`
  assert.deepEqual(errorCodeFamilies('door.ts', source), [
    {
      name: 'DoorErrorCode',
      file: 'door.ts',
      entries: [
        { code: 'DOOR_SHUT', meaning: 'The door is shut.' },
        { code: 'DOOR_OPEN', meaning: 'The door is `open`.' },
      ],
    },
  ])
})

test('a region is replaced and the rest of the page stays', () => {
  const page = 'a\n<!-- generated: x -->\nold\n<!-- end of the generated part -->\nb\n'
  const once = replaceRegion(page, 'x', 'new')
  assert.equal(once, 'a\n<!-- generated: x -->\n\nnew\n\n<!-- end of the generated part -->\nb\n')
  assert.equal(replaceRegion(once, 'x', 'new'), once)
  assert.throws(() => replaceRegion(page, 'y', 'new'), /lacks the region/)
})

test('a decision record needs a title and a status', () => {
  const record = decisionRecord('docs/adr/0001-x.md', '# 0001 Rooms\n\nStatus: accepted\n')
  assert.deepEqual(record, { file: 'docs/adr/0001-x.md', title: '0001 Rooms', status: 'accepted' })
  assert.throws(() => decisionRecord('x.md', '# Rooms\n'), /lacks a title/)
})

test('imports, exports and worker URLs name other files', () => {
  const text = `import { a } from './a.ts'
export * from '../b.ts'
const c = await import('./c.ts')
const d = new URL('./d.ts', import.meta.url)
import { e } from '@quorate/protocol'`
  assert.deepEqual(referencedFiles('packages/x/src/y/z.ts', text), [
    'packages/x/src/y/a.ts',
    'packages/x/src/b.ts',
    'packages/x/src/y/c.ts',
    'packages/x/src/y/d.ts',
  ])
})

test('blank lines and comments are not lines of code', () => {
  assert.equal(codeLineCount('/**\n * why\n */\n\nconst a = 1 // note\n// why\n/* b */\nf()\n'), 2)
})
