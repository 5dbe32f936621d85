/** Plays every transcript of this folder. With REWRITE=1 in the environment the traces that were seen are written into the files. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { transcriptWorlds } from './transcript-worlds.ts'
import { play } from './transcript.ts'

const isRewriting = process.env['REWRITE'] === '1'

for (const name of readdirSync(import.meta.dirname).toSorted()) {
  if (!name.endsWith('.txt')) continue
  test(`the transcript ${name} is what happens`, () => {
    const path = join(import.meta.dirname, name)
    const newWorld = transcriptWorlds.get(name.split('-')[0])
    assert.ok(newWorld, `no world is registered for ${name}`)
    const text = readFileSync(path, 'utf8')
    const seen = play(text, newWorld())
    if (isRewriting) writeFileSync(path, seen)
    else assert.equal(seen, text)
  })
}
