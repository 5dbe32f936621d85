/**
 * The test kit as it would be published, under the test runners that it promises to work with: in a project of its own, with the
 * runners from npm's registry, tests as `samples` has them pass, fail where they have to, and let the runner end.
 */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { installProject, packTarballs } from '../../scripts/package-tarballs.ts'
import { impatient, installOnce } from '../harness/cached-install.ts'
import { ChildProgram } from '../harness/child-program.ts'
import { jest, nodeTest, sampleFor, type Tally, type TestRunner, vitest } from './test-runner.ts'

const versionByRunner = { vitest: '5.1.1', jest: '30.5.2' }
const rooms = ['client', 'recipes', 'testkit']
/** Less than a client that a test forgot looks for its server. */
const runTimeoutMs = 30_000
const timeout = 60_000

let project = ''

describe('the test kit in a project of its own', () => {
  before(makeProject, { timeout: 400_000 })
  after(() => rmSync(project, { recursive: true, force: true }))

  describe('tests of servers, ensembles and virtual time pass, and the runner ends', () => {
    test('under node:test', { timeout }, () => passes(nodeTest, 5, ['passes.js']))
    test('under Vitest', { timeout }, () => passes(vitest, 5, ['passes.js']))
    test('under Jest, with a CommonJS file beside the one that imports', { timeout }, () =>
      passes(jest, 6, ['passes.js', 'requires.cjs']),
    )
  })

  describe('a test that fails amid its servers and clients fails the run, and the runner ends', () => {
    test('under node:test', { timeout }, () => fails(nodeTest))
    test('under Vitest', { timeout }, () => fails(vitest))
    test('under Jest', { timeout }, () => fails(jest))
  })
})

async function makeProject(): Promise<void> {
  project = mkdtempSync(join(tmpdir(), 'quorate-runners-'))
  const modules = installRunners()
  const tarballs = await packTarballs(rooms, project)
  await installProject({
    directory: project,
    tarballs,
    others: {},
    words: ['--prefer-offline', '--no-package-lock', ...impatient],
    timeoutMs: 120_000,
  })
  for (const name of Object.keys(versionByRunner))
    symlinkSync(join(modules, name), join(project, 'node_modules', name))
  // As the guide on testing tells users of Jest; the project is one of ES modules already.
  writeFileSync(join(project, 'jest.config.json'), '{ "transform": {} }\n')
}

/** They are ten thousand files, and no newcomer's mistake lies in where they are: they are installed once for a clone. */
function installRunners(): string {
  const packages = Object.entries(versionByRunner).map((each) => each.join('@'))
  return installOnce({
    name: `interop-${packages.join('-')}`,
    packages,
    words: ['--ignore-scripts', '--prefer-offline', ...impatient],
    wants: "npm's registry",
  })
}

async function passes(
  runner: TestRunner,
  count: number,
  samples: readonly string[],
): Promise<void> {
  const { exitCode, tally, log } = await run(runner, samples)
  assert.deepEqual(tally, { passed: count, failed: 0, others: 0 }, log)
  assert.equal(exitCode, 0, log)
}

async function fails(runner: TestRunner): Promise<void> {
  const { exitCode, tally, log } = await run(runner, ['fails.js'])
  assert.deepEqual(tally, { passed: 1, failed: 1, others: 0 }, log)
  assert.equal(exitCode, 1, log)
}

/** @throws Error when the runner does not end by itself, or says that something was left open */
async function run(
  runner: TestRunner,
  samples: readonly string[],
): Promise<{ readonly exitCode: number | null; readonly tally: Tally; readonly log: string }> {
  const { name } = runner
  mkdirSync(join(project, name), { recursive: true })
  const files = samples.map((sample) => {
    const file = join(name, runner.testName(sample))
    const source = readFileSync(join(import.meta.dirname, 'samples', sample), 'utf8')
    writeFileSync(join(project, file), sampleFor(runner, source))
    return file
  })
  const report = `${files[0]}.report`
  const program = await ChildProgram.start({
    command: process.execPath,
    words: runner.words({ files, report }),
    directory: project,
    // With it Node's runner takes itself for a part of this run, and does not run anything.
    environment: { NODE_TEST_CONTEXT: undefined },
    isGroup: true,
    logFile: join(project, `${report}.log`),
  })
  await ended(program, name)
  const log = program.logTail(200)
  assert.doesNotMatch(log, runner.complaint)
  const tally = runner.tally(readFileSync(join(project, report), 'utf8'))
  return { exitCode: program.exitCode, tally, log }
}

async function ended(program: ChildProgram, name: string): Promise<void> {
  const controller = new AbortController()
  const { signal } = controller
  const tooLate = delay(runTimeoutMs, true, { signal }).catch(() => false)
  const isTooLate = await Promise.race([program.exited.then(() => false), tooLate])
  controller.abort()
  if (!isTooLate) return
  await program.kill()
  assert.fail(`${name} did not end by itself within ${runTimeoutMs} ms:\n${program.logTail(100)}`)
}
