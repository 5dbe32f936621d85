import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, it } from 'node:test'
import { historyPath, readHistory, writeHistory } from '../../src/shell/history-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'quorate-history-'))
after(() => rmSync(folder, { recursive: true }))

it('keeps lines, but none with a secret, for the user alone', () => {
  const path = join(folder, 'history')
  writeHistory(path, ['ls /', ' addauth digest bob:secret', 'get /a'])
  assert.deepEqual(readHistory(path), ['ls /', 'get /a'])
  assert.ok(!readFileSync(path, 'utf8').includes('secret'))
  assert.equal(statSync(path).mode & 0o77, 0)
})

it('does without a file that cannot be used', () => {
  const path = join(folder, 'missing', 'history')
  writeHistory(path, ['ls /'])
  assert.deepEqual(readHistory(path), [])
})

it('is where the environment says', () => {
  assert.equal(historyPath({ QUORATE_HISTORY: '/x' }), '/x')
  assert.match(historyPath({}), /\.quorate_history$/)
})
