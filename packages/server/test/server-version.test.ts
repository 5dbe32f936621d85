import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { it } from 'node:test'
import { packageVersion, serverVersion } from '../src/server-version.ts'

it('the version is that of the package', () => {
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  assert.equal((JSON.parse(manifest) as { version: string }).version, packageVersion)
})

it('clients find three numbers at its start, and a date in the form of Apache', () => {
  assert.match(serverVersion(), /^3\.9\.4-quorate-\S+, built on \d{4}-\d\d-\d\d \d\d:\d\d UTC$/)
})
