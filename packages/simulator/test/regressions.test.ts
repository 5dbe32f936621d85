/** The seeds that once found something. See regressions/README.md. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { reportRun, simulateAsync } from '@quorate/simulator'

const directory = new URL('../regressions/', import.meta.url)

/** The lines `key: value` at the start of a file. */
function headOf(name: string): ReadonlyMap<string, string> {
  const [, head = ''] = readFileSync(new URL(name, directory), 'utf8').split('---\n')
  return new Map(
    head
      .trim()
      .split('\n')
      .map((line) => line.split(': ') as [string, string]),
  )
}

for (const name of readdirSync(directory).filter((it) => it !== 'README.md')) {
  test(`${name} finds nothing any more`, async () => {
    const head = headOf(name)
    const seed = Number(head.get('seed'))
    const durationMs = Number(head.get('durationMs'))
    assert.ok(seed > 0 && durationMs > 0)
    // At this commit it is another run, of which a part will do.
    const result = await simulateAsync({ seed, durationMs: Math.min(durationMs, 5_000) })
    assert.equal(result.violation, undefined, reportRun(result))
  })
}
