/**
 * Runs a reader beside a publisher: first one that uses the recipe, then one whose configuration is ephemeral, then kazoo's if
 * it is installed. Each publishes something that is no configuration as well, which the reader must never show.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { configPath, defaults, type Settings } from './settings.ts'

/** Debian's, for which its package python3-kazoo is made. */
const python = '/usr/bin/python3'
const timeoutMs = 30_000
const values: readonly Settings[] = [
  { color: 'blue', size: 1 },
  { color: 'grün', size: 2 },
]
const wrong = '{"color":"red","size":"huge"}'

await follow('a configuration that is deleted', node('publish.ts'))
await follow('a configuration that goes with its session', node('publish-ephemeral.ts'))
if (spawnSync(python, ['-c', 'import kazoo']).status === 0)
  await follow('a configuration from Python', [python, '-u', file('publish.py')])
else console.log('\nkazoo is not installed, so its publisher is left out')

/** Gives the publisher the next value when the reader has shown the last one. */
async function follow(title: string, publisherCommand: readonly string[]): Promise<void> {
  console.log(`\n${title}`)
  const round = new AbortController()
  const late = setTimeout(() => round.abort(new Error('the round takes too long')), timeoutMs)
  const reader = start(node('watch.ts'), round)
  const shown = createInterface({ input: reader.stdout! })[Symbol.asyncIterator]()
  await expectShown(shown, defaults)
  const publisher = start(publisherCommand, round)
  publisher.stdout!.on('data', (text: Buffer) =>
    process.stdout.write(`  publisher: ${text.toString()}`),
  )
  for (const value of values) {
    publisher.stdin!.write(`${JSON.stringify(value)}\n`)
    await expectShown(shown, value)
    publisher.stdin!.write(`${wrong}\n`)
  }
  publisher.stdin!.end()
  await expectShown(shown, defaults)
  await Promise.all([ended(reader), ended(publisher)])
  clearTimeout(late)
}

async function expectShown(
  shown: AsyncIterator<string, unknown>,
  expected: Settings,
): Promise<void> {
  const line = await shown.next()
  assert.equal(line.value, `${configPath} = ${JSON.stringify(expected)}`)
  console.log(`  reader: ${line.value}`)
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
