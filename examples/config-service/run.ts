/** Runs a reader beside a publisher: first ours, then one whose configuration is ephemeral, then kazoo's if it is installed. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { configPath } from './connect-string.ts'

/** Debian's, for which its package python3-kazoo is made. */
const python = '/usr/bin/python3'
const timeoutMs = 30_000
const values = ['initial_value', 'new_value', '{"color": "grün"}']

await follow('a configuration that is deleted', node('publish.ts'))
await follow('a configuration that goes with its session', node('publish.ts', '--ephemeral'))
if (spawnSync(python, ['-c', 'import kazoo']).status === 0)
  await follow('a configuration from Python', [python, '-u', file('publish.py')])
else console.log('\nkazoo is not installed, so its publisher is left out')

/** Gives the publisher the next value when the reader has shown the last one. */
async function follow(title: string, publisherCommand: readonly string[]): Promise<void> {
  console.log(`\n${title}`)
  const round = new AbortController()
  const late = setTimeout(() => round.abort(new Error('the round takes too long')), timeoutMs)
  const reader = start(node('watch.ts'), round)
  const lines = createInterface({ input: reader.stdout! })[Symbol.asyncIterator]()
  await expectLine(lines, `watching ${configPath}`)
  const publisher = start(publisherCommand, round)
  for (const value of values) {
    publisher.stdin!.write(`${value}\n`)
    await expectLine(lines, `${configPath} = ${value}`)
  }
  publisher.stdin!.end()
  await expectLine(lines, `${configPath} was deleted`)
  await Promise.all([ended(reader), ended(publisher)])
  clearTimeout(late)
}

async function expectLine(lines: AsyncIterator<string, unknown>, expected: string): Promise<void> {
  const line = await lines.next()
  assert.equal(line.value, expected, 'the reader shows each value')
  console.log(`  reader: ${expected}`)
}

/** A program that fails ends the round, and with it the other one. */
function start([command, ...words]: readonly string[], round: AbortController): ChildProcess {
  const child = spawn(command!, words, {
    stdio: ['pipe', 'pipe', 'inherit'],
    signal: round.signal,
  })
  child.once('error', (error) => console.error(error.cause ?? error))
  child.once('exit', (code) => {
    if (code !== 0) round.abort(new Error(`${words.at(-1)} ended with ${code}`))
  })
  return child
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null) await once(child, 'exit')
  assert.equal(child.exitCode, 0)
}

function node(name: string, ...words: readonly string[]): readonly string[] {
  return [process.execPath, ...process.execArgv, file(name), ...words]
}

function file(name: string): string {
  return join(import.meta.dirname, name)
}
