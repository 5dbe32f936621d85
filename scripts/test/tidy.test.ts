/** Checks of the repository as a whole: what no compiler or linter looks at. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorCode } from '@quorate/protocol'
import { allErrorCodeFamilies } from '../generate-errors.ts'
import { replaceRegion } from '../generated-region.ts'
import { generatedRegions } from '../generated-regions.ts'
import { exists, filesBelow, readText, roomNames, sourceFiles } from '../repository.ts'
import { codeLineCount } from '../source-lines.ts'
import { unreachedFiles } from '../source-graph.ts'

const linesMax = 500
/** In halves, so that this file does not find itself. */
const forbidden = [
  ['TO', 'DO'],
  ['FIX', 'ME'],
  ['oxlint-', 'disable'],
  ['@ts-', 'ignore'],
].map((halves) => halves.join(''))

/** Quoted capitals in the server room that name something else: environment variables. */
const notEvents = ['SERVER_JVMFLAGS']

const checkedFiles = [
  ...sourceFiles(),
  ...filesBelow('scripts', '.ts'),
  ...filesBelow('bench', '.ts'),
]
const testFiles = roomNames().flatMap((room) => filesBelow(`packages/${room}/test`, '.ts'))
const pages = [
  'README.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'STYLE.md',
  ...filesBelow('docs', '.md'),
  ...roomNames().map((room) => `packages/${room}/README.md`),
]

test('every package has a README', () => {
  const missing = roomNames().filter((room) => !exists(`packages/${room}/README.md`))
  assert.deepEqual(missing, [])
})

test('no source file is longer than 500 lines of code', () => {
  const long = checkedFiles.filter((file) => codeLineCount(readText(file)) > linesMax)
  assert.deepEqual(long, [])
})

test('nothing is left to do in a comment, and no check is silenced', () => {
  const found = [...checkedFiles, ...testFiles].flatMap((file) => {
    const text = readText(file)
    return forbidden.filter((word) => text.includes(word)).map((word) => `${file}: ${word}`)
  })
  assert.deepEqual(found, [])
})

test('every source file is reached from a public face or a command', () => {
  assert.deepEqual(
    roomNames().flatMap((room) => unreachedFiles(room)),
    [],
  )
})

for (const { page, name, render } of generatedRegions) {
  test(`${page} is up to date: ${name}`, () => {
    const text = readText(page)
    assert.equal(text, replaceRegion(text, name, render()), 'run `npm run generate`')
  })
}

test('every error code has a comment that the reference can show', () => {
  const bare = allErrorCodeFamilies().flatMap(({ name, entries }) =>
    entries.filter(({ meaning }) => meaning === '').map(({ code }) => `${name}: ${code}`),
  )
  assert.deepEqual(bare, [])
})

test('every error number of the protocol is in the reference', () => {
  const reference = readText('docs/reference/errors.md')
  const missing = Object.entries(ErrorCode).filter(
    ([name, code]) => !reference.includes(`| \`${name}\` | ${code} |`.replace('-', '−')),
  )
  assert.deepEqual(missing, [])
})

test('every code of a log event is in the reference', () => {
  const errorCodes = allErrorCodeFamilies().flatMap(({ entries }) =>
    entries.map(({ code }) => code),
  )
  const known = new Set([...errorCodes, ...notEvents])
  const reference = readText('docs/reference/log-events.md')
  const missing = [
    ...filesBelow('packages/server/src', '.ts'),
    ...filesBelow('packages/replica/src', '.ts'),
  ]
    .flatMap((file) => [...readText(file).matchAll(/'([A-Z]+(?:_[A-Z]+)+)'/g)])
    .map(([, code]) => code!)
    .filter((code) => !known.has(code) && !reference.includes(`\`${code}\``))
  assert.deepEqual(missing, [])
})

test('every four-letter word is in the operating guide', () => {
  const source = readText('packages/server/src/four-letter-words/word.ts')
  const words = [...source.matchAll(/^ {2}'([a-z]{4})',$/gm)].map(([, word]) => word!)
  const page = readText('docs/operating/README.md')
  assert.ok(words.includes('ruok'))
  assert.deepEqual(
    words.filter((word) => !page.includes(`\`${word}\``)),
    [],
  )
})

test('every command of quorate is in the reference', () => {
  const commands = filesBelow('packages/cli/src', '-command.ts')
    .map((file) => /^packages\/cli\/src\/([a-z]+)-command\.ts$/.exec(file)?.[1])
    .filter((command) => command !== undefined)
  const page = readText('docs/reference/command-line.md')
  assert.ok(commands.includes('server'))
  assert.deepEqual(
    commands.filter((command) => !page.includes(`## quorate ${command}\n`)),
    [],
  )
})

test('every dependency has its reason on the page', () => {
  const manifests = ['package.json', ...roomNames().map((room) => `packages/${room}/package.json`)]
  const names = manifests.flatMap((manifest) => externalDependencies(readText(manifest)))
  const page = readText('docs/dependencies.md')
  assert.ok(names.includes('oxlint'))
  assert.deepEqual(
    names.filter((name) => !page.includes(`\`${name}\``)),
    [],
  )
})

test('every file that is said to hold off a bug of ZooKeeper names that bug', () => {
  const page = readText('docs/internals/zookeeper-bugs.md')
  const rows = [...page.matchAll(/^\| \[(\d+)\]\([^)]*\) \|.*$/gm)]
  assert.ok(rows.length > 60)
  const wrong = rows.flatMap(([row, id]) => {
    const files = [...row.matchAll(/\]\(\.\.\/\.\.\/(packages\/[^)]+)\)/g)].map(([, file]) => file!)
    const silent = files.filter((file) => !exists(file) || !bugsNamedIn(file).has(id!))
    return files.length === 0 ? [`${id}: no file`] : silent.map((file) => `${id}: ${file}`)
  })
  assert.deepEqual(wrong, [])
})

test('every test that is said to hold off a failure of other clients is there by its name', () => {
  const page = readText('docs/internals/client-failures.md')
  const links = [...page.matchAll(/\[([^\]]+)\]\(\.\.\/\.\.\/([^)]+\.test\.ts)\)/g)]
  assert.ok(links.length > 25)
  const missing = links
    .filter(
      ([, name, file]) =>
        !exists(file!) || !testNamesIn(file!).some((known) => known.includes(name!)),
    )
    .map(([, name, file]) => `${file}: ${name}`)
  assert.deepEqual(missing, [])
})

test('every page of a recipe says what is guaranteed, and what not under partition', () => {
  const recipes = filesBelow('docs/recipes', '.md')
  assert.ok(recipes.length > 10)
  const incomplete = recipes.filter((page) => {
    const headings: readonly string[] = readText(page).match(/^## .*$/gm) ?? []
    return !['## Guarantees', '## Limits under partition'].every((one) => headings.includes(one))
  })
  assert.deepEqual(incomplete, [])
})

test('links between pages lead somewhere', () => {
  const broken = pages.filter((page) => exists(page)).flatMap((page) => brokenLinks(page))
  assert.deepEqual(broken, [])
})

/** The numbers behind `ZOOKEEPER-`, of lists such as "ZOOKEEPER-335, 1081" as well. */
function bugsNamedIn(file: string): ReadonlySet<string> {
  const lists = readText(file).match(/ZOOKEEPER-\d+(?:(?:, | and )(?:ZOOKEEPER-)?\d+)*/g) ?? []
  return new Set(lists.flatMap((list) => list.match(/\d+/g) ?? []))
}

/** What the tests of a file are called, as it is written there. */
function testNamesIn(file: string): readonly string[] {
  return [...readText(file).matchAll(/\b(?:it|test)\(\s*(['`])(.*?)\1,/g)].map(
    ([, , name]) => name!,
  )
}

/** Relative links of `page` to files that do not exist. */
function brokenLinks(page: string): readonly string[] {
  const folder = page.includes('/') ? page.slice(0, page.lastIndexOf('/') + 1) : ''
  return [...readText(page).matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)]
    .map(([, target]) => target!)
    .filter((target) => !/^[a-z]+:/.test(target))
    .filter((target) => !exists(`${folder}${target}`))
    .map((target) => `${page} → ${target}`)
}

/** Names of packages that a package.json asks for, other than our own. */
function externalDependencies(manifest: string): readonly string[] {
  type Dependencies = Readonly<Record<string, string>>
  const { dependencies, devDependencies, optionalDependencies } = JSON.parse(manifest) as {
    readonly dependencies?: Dependencies
    readonly devDependencies?: Dependencies
    readonly optionalDependencies?: Dependencies
  }
  const all = { ...dependencies, ...devDependencies, ...optionalDependencies }
  return Object.keys(all).filter((name) => !name.startsWith('@quorate/'))
}
