/** `quorate server` as its own process: what it prints, and what it exits with. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, afterEach, describe, it } from 'node:test'

const root = mkdtempSync(join(tmpdir(), 'quorate-command-'))
after(() => rmSync(root, { recursive: true }))
const main = new URL('../src/main.ts', import.meta.url).pathname
const children: ChildProcess[] = []
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

interface Line {
  readonly code: string
  readonly port?: number
  readonly level: number
  readonly msg: string
}

function launch(args: readonly string[], environment: NodeJS.ProcessEnv = {}) {
  const child = spawn(process.execPath, ['--conditions=source', main, 'server', ...args], {
    cwd: root,
    env: { ...process.env, JVMFLAGS: '', SERVER_JVMFLAGS: '', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  children.push(child)
  let errors = ''
  child.stderr.on('data', (chunk) => (errors += String(chunk)))
  const exited = once(child, 'close').then(([code]) => ({ code: code as number | null, errors }))
  return { child, exited, lines: createInterface({ input: child.stdout }) }
}

/** The first line with this code. */
async function lineOf(lines: AsyncIterable<string>, code: string): Promise<Line> {
  for await (const text of lines) {
    const line = JSON.parse(text) as Line
    if (line.code === code) return line
  }
  throw new Error(`the process ended without ${code}`)
}

async function ask(port: number, word: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.write(word)
  let text = ''
  for await (const chunk of socket) text += String(chunk)
  return text
}

describe('quorate server', () => {
  it('serves without a configuration, tells its port, and stops for SIGTERM with 0', async () => {
    const { child, exited, lines } = launch(['--client-port', '0', '--data-dir', 'plain'])
    const { port } = await lineOf(lines, 'SERVER_SERVING')
    assert.match(await ask(port!, 'srvr'), /Mode: standalone/)
    child.kill('SIGTERM')
    assert.deepEqual(await exited, { code: 0, errors: '' })
  })

  it('reads zoo.cfg and JVMFLAGS, and lets --set win', async () => {
    const file = join(root, 'zoo.cfg')
    writeFileSync(file, 'dataDir=from-file\nclientPort=1\nclientPortAddress=127.0.0.1\n')
    const flags = ['--set', 'clientPort=0', '--set', 'tickTime=700']
    const { child, exited, lines } = launch([file, ...flags], {
      JVMFLAGS: '-Dzookeeper.4lw.commands.whitelist=conf',
    })
    const { port } = await lineOf(lines, 'SERVER_SERVING')
    assert.match(await ask(port!, 'conf'), /from-file\/version-2\n.*\ntickTime=700\n/s)
    child.kill('SIGINT')
    assert.equal((await exited).code, 0)
  })

  it('can be killed and started again on the same data', async () => {
    const args = ['--client-port', '0', '--data-dir', 'killed']
    const first = launch(args)
    await lineOf(first.lines, 'SERVER_SERVING')
    first.child.kill('SIGKILL')
    await first.exited
    const second = launch(args)
    await lineOf(second.lines, 'SERVER_SERVING')
  })

  it('exits with 3 when its data directory is in use', async () => {
    const args = ['--client-port', '0', '--data-dir', 'held']
    const { lines } = launch(args)
    await lineOf(lines, 'SERVER_SERVING')
    const second = launch(args)
    const line = await lineOf(second.lines, 'DATA_DIRECTORY_IN_USE')
    assert.equal(line.level, 60)
    const { code, errors } = await second.exited
    assert.equal(code, 3)
    assert.match(errors, /is in use by the process \d+; stop that server.*DATA_DIRECTORY_IN_USE/)
  })

  it('exits with 2 for a configuration or a command line that makes no sense', async () => {
    const file = join(root, 'bad.cfg')
    writeFileSync(file, 'dataDir=x\nclientPort=maybe\n')
    const ensemble = join(root, 'ensemble.cfg')
    writeFileSync(
      ensemble,
      'dataDir=x\nclientPort=1\nserver.1=a:1:2\nserver.2=b:1:2\nserver.3=c:1:2\n',
    )
    for (const [args, message] of [
      [[file], /bad\.cfg line 2: found clientPort=maybe; allowed is .*\(CONFIG_VALUE_INVALID\)/],
      [[ensemble], /initLimit is not set.*\(CONFIG_KEY_MISSING\)/],
      [[join(root, 'missing.cfg')], /cannot be read: ENOENT.*\(CONFIG_UNREADABLE\)/],
      [['--set', 'x'], /expected --set NAME=VALUE \(COMMAND_LINE_INVALID\)/],
      [['--port', '1'], /COMMAND_LINE_INVALID/],
      [['a', 'b'], /found 2 configuration files/],
    ] as const) {
      const { code, errors } = await launch(args).exited
      assert.equal(code, 2, errors)
      assert.match(errors, message)
    }
  })

  it('says how it is used', async () => {
    const { exited, lines } = launch(['--help'])
    const text: string[] = []
    for await (const line of lines) text.push(line)
    assert.match(text.join('\n'), /^usage: quorate server /)
    assert.equal((await exited).code, 0)
  })
})
