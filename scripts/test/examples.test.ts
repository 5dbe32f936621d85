/**
 * The code blocks of all pages. Those in TypeScript are programs: each runs as it stands, against a server of its own, and a strict
 * compiler has nothing to say about it. Others are no programs of ours, and of few kinds.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { filesBelow, readText, roomNames, rootDirectory } from '../repository.ts'

const timeout = 60_000

const pages = [
  'README.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'STYLE.md',
  ...roomNames().map((room) => `packages/${room}/README.md`),
  ...filesBelow('docs', '.md'),
  ...['bench', 'examples', 'interop'].flatMap((folder) => filesBelow(folder, '.md')),
]
/** Where examples look for a server. */
const documentedAddress = /(127\.0\.0\.1|localhost):2181/g
/** Blocks that no test runs: commands for a shell (those of the migration guide are run by interop/mixed/guide), files, pictures. */
const kindsNotRun = ['ini', 'mermaid', 'sh']

interface Block {
  readonly page: string
  /** From 1, in its page. */
  readonly position: number
  readonly kind: string
  readonly text: string
}

const blocks = pages.flatMap((page): readonly Block[] =>
  [...readText(page).matchAll(/^ *```(.*)\n([\s\S]*?)^ *```$/gm)].map(
    ([, kind = '', text = ''], i) => ({ page, position: i + 1, kind, text }),
  ),
)
const examples = blocks.filter(({ kind }) => kind === 'ts')

test('every code block is one that runs, or of a kind that is no program', () => {
  assert.ok(examples.length > 40)
  const known = new Set(['ts', ...kindsNotRun])
  const others = blocks.filter(({ kind }) => !known.has(kind))
  assert.deepEqual(
    others.map(({ page, position, kind }) => `${page}: block ${position}: ${kind}`),
    [],
  )
})

test('examples pass a strict compiler, by the types that are published', { timeout }, async () => {
  const directory = mkdtempSync(join(tmpdir(), 'quorate-examples-'))
  try {
    symlinkSync(join(rootDirectory, 'node_modules'), join(directory, 'node_modules'))
    writeFileSync(join(directory, 'package.json'), JSON.stringify({ type: 'module' }))
    const files = examples.map(({ page, position, text }) => {
      const name = `${page.replaceAll('/', '.')}.${position}.ts`
      writeFileSync(join(directory, name), text)
      return name
    })
    const compilerOptions = {
      strict: true,
      target: 'esnext',
      module: 'nodenext',
      noEmit: true,
      types: ['node'],
    }
    writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }))
    const compiler = join(rootDirectory, 'node_modules/@typescript/native/bin/tsc')
    const { stdout } = await promisify(execFile)(process.execPath, [
      compiler,
      '--project',
      directory,
    ]).catch((error: { readonly stdout: string }) => error)
    assert.equal(stdout, '')
  } finally {
    rmSync(directory, { recursive: true })
  }
})

for (const { page, position, text } of examples)
  test(`${page}: block ${position} runs`, { timeout }, async () => {
    if (text.search(documentedAddress) >= 0) await withServer((address) => runCode(text, address))
    else await runCode(text, '')
  })

test('the example of a configuration runs', { timeout: 2 * timeout }, async () => {
  await withServer(async (address) => {
    const file = join(rootDirectory, 'examples/config-service/run.ts')
    const { stdout, stderr } = await promisify(execFile)(
      process.execPath,
      ['--conditions=source', file],
      { env: { ...process.env, QUORATE_CONNECT: address } },
    )
    assert.equal(stderr, '')
    assert.match(stdout, /publisher: refused: InvalidValue/)
    assert.ok(stdout.split('\n').filter((line) => line.includes('reader: ')).length >= 8)
  })
})

async function runCode(code: string, address: string): Promise<void> {
  const text = code.replaceAll(documentedAddress, address)
  const args = ['--conditions=source', '--input-type=module-typescript', '--eval', text]
  // From the root every room can be imported by its name.
  const { stderr } = await promisify(execFile)(process.execPath, args, { cwd: rootDirectory })
  assert.equal(stderr, '')
}

async function withServer(use: (address: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'quorate-example-'))
  const main = join(rootDirectory, 'packages/cli/src/main.ts')
  const server = spawn(
    process.execPath,
    ['--conditions=source', main, 'server', '--data-dir', directory, '--client-port', '0'],
    { cwd: directory, stdio: ['ignore', 'pipe', 'inherit'] },
  )
  try {
    await use(await servingAddress(server))
  } finally {
    const exited = once(server, 'exit')
    server.kill('SIGTERM')
    await exited
    rmSync(directory, { recursive: true })
  }
}

/** Reads the server's log until it says where it serves. */
async function servingAddress(server: ChildProcess): Promise<string> {
  for await (const line of createInterface({ input: server.stdout! })) {
    const event = JSON.parse(line) as { code?: string; address?: string; port?: number }
    if (event.code === 'SERVER_SERVING') return `${event.address}:${event.port}`
  }
  throw new Error('the server ended before it served')
}
