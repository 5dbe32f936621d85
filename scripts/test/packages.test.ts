/** The packages as they would be published: what is in them, and that a project of nothing else can use them. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { installProject, type Manifest, packTarballs, type Tarball } from '../package-tarballs.ts'
import { readText, rootDirectory } from '../repository.ts'

/** What users import or run; the other rooms come with them. */
const rooms = ['client', 'recipes', 'testkit', 'cli']
const timeout = 180_000

let project = ''
let tarballs: readonly Tarball[] = []

before(
  async () => {
    project = mkdtempSync(join(tmpdir(), 'quorate-packages-'))
    tarballs = await packTarballs(rooms, project)
    const stubs = foreignDependencies().map((name) => [name, `file:${writeStub(name)}`])
    await installProject({
      directory: project,
      tarballs,
      others: Object.fromEntries(stubs) as Readonly<Record<string, string>>,
      words: ['--offline', `--cache=${join(project, '.npm')}`],
      timeoutMs: timeout,
    })
  },
  { timeout },
)

after(() => rmSync(project, { recursive: true, force: true }))

test('every package has a licence, a README and all that its manifest names', () => {
  for (const { room, manifest, files } of tarballs) {
    assert.ok(manifest.description, room)
    assert.equal(manifest.license, 'Apache-2.0', room)
    assert.equal(manifest.engines?.node, '>=22.15', room)
    // npm publishes packages with a scope to nobody, if it is not told otherwise.
    if (manifest.name.startsWith('@')) assert.equal(manifest.publishConfig?.access, 'public', room)
    assert.equal(readText(`packages/${room}/LICENSE`), readText('LICENSE'), room)
    const named = Object.values(manifest.exports).flatMap((conditions) => Object.values(conditions))
    for (const file of ['LICENSE', 'README.md', ...named.map((path) => path.replace('./', ''))])
      assert.ok(files.includes(file), `${room} lacks ${file}`)
  }
})

test('no package has tests in it, or what only a build needs', () => {
  for (const { room, files } of tarballs) {
    const strays = files.filter((file) => /(^|\/)test\/|tsbuildinfo|tsconfig/.test(file))
    assert.deepEqual(strays, [], room)
  }
})

test('the client and the recipes need no package but ours', () => {
  const others = ['cli', 'server']
  for (const { room, manifest } of tarballs.filter((each) => !others.includes(each.room)))
    assert.deepEqual(foreignOf(manifest), [], room)
})

test(
  'a project of nothing else starts a server, an ensemble, and a server without sockets',
  { timeout },
  async () => {
    writeFileSync(
      join(project, 'use.js'),
      `import { ZooKeeper } from '@quorate/client'
import * as recipes from '@quorate/recipes'
import { startEnsemble, startInMemoryServer, startServer } from '@quorate/testkit'

for (const start of [() => startServer(), () => startEnsemble(3), () => startInMemoryServer()]) {
  const started = await start()
  const zk = await started.client()
  await zk.create('/greeting', 'hello')
  console.log(await zk.get('/greeting'))
  await started.close()
}
const server = await startServer()
const zk = new ZooKeeper(server.connectString)
console.log(await zk.exists('/nothing'), typeof recipes)
await zk.close()
await server.close()
`,
    )
    assert.equal(await run(process.execPath, ['use.js']), 'hello\nhello\nhello\nnull object\n')
  },
)

test('its compiler finds the types', { timeout }, async () => {
  const compilerOptions = {
    strict: true,
    target: 'esnext',
    module: 'nodenext',
    noEmit: true,
    types: ['node'],
    typeRoots: [join(rootDirectory, 'node_modules/@types')],
  }
  writeFileSync(
    join(project, 'tsconfig.json'),
    JSON.stringify({ compilerOptions, files: ['use.ts'] }),
  )
  writeFileSync(
    join(project, 'use.ts'),
    `import { ZooKeeper } from '@quorate/client'
import { ZooKeeper as PlainZooKeeper } from '@quorate/client/core'
import * as recipes from '@quorate/recipes'
import { startEnsemble, startServer, type TestMember } from '@quorate/testkit'

await using server = await startServer()
const zk: PlainZooKeeper<'json'> = await server.client({ codec: 'json' })
await zk.create('/settings', { retries: 3 })
await using ensemble = await startEnsemble(3, { observers: 1 })
const leader: TestMember = await ensemble.leader()
const own: ZooKeeper = new ZooKeeper(leader.connectString)
const value: string = await own.get('/greeting')
// @ts-expect-error a port is a number
await startServer({ port: 'any' })
export { recipes, value }
`,
  )
  const compiler = join(rootDirectory, 'node_modules/@typescript/native/bin/tsc')
  assert.equal(await run(process.execPath, [compiler, '--project', project]), '')
})

test('the command comes with its bundle', { timeout }, async () => {
  const { version } = JSON.parse(readText('packages/cli/package.json')) as { version: string }
  const printed = await run(join(project, 'node_modules/.bin/quorate'), ['--version'])
  assert.match(printed, new RegExp(version.replaceAll('.', '\\.')))
})

test('the types of the client and the recipes need none of others', { timeout }, async () => {
  writeFileSync(
    join(project, 'plain.ts'),
    `import { ZooKeeper } from '@quorate/client'
import { Mutex } from '@quorate/recipes'

export const mutex: Mutex = new Mutex(new ZooKeeper('localhost:2181', { tls: {} }), '/lock')
`,
  )
  const compilerOptions = {
    strict: true,
    target: 'esnext',
    module: 'nodenext',
    noEmit: true,
    types: [],
  }
  const settings = { compilerOptions, files: ['plain.ts'] }
  writeFileSync(join(project, 'plain.json'), JSON.stringify(settings))
  const compiler = join(rootDirectory, 'node_modules/@typescript/native/bin/tsc')
  assert.equal(await run(process.execPath, [compiler, '--project', 'plain.json']), '')
})

function foreignDependencies(): readonly string[] {
  return tarballs.flatMap(({ manifest }) => foreignOf(manifest))
}

function foreignOf({ dependencies = {} }: Manifest): readonly string[] {
  return Object.keys(dependencies).filter((name) => !name.startsWith('@quorate/'))
}

/** What others publish is not needed but for the server's own log, and not at hand without a network: a package of its name will do. */
function writeStub(name: string): string {
  const { version } = JSON.parse(readText(`node_modules/${name}/package.json`)) as {
    readonly version: string
  }
  const directory = join(project, 'stubs', name)
  mkdirSync(directory, { recursive: true })
  writeFileSync(join(directory, 'package.json'), JSON.stringify({ name, version }))
  return directory
}

/** In the project. @returns what it wrote */
async function run(command: string, args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(command, args, { cwd: project }).catch(
    // What a compiler finds it writes there, and then fails.
    (error: Error & { readonly stdout: string }) => {
      throw new Error(`${error.message}\n${error.stdout}`)
    },
  )
  return stdout
}
