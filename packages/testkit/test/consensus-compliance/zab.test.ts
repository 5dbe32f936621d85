import assert from 'node:assert/strict'
import { test } from 'node:test'
import { consensusCompliance } from '@quorate/testkit'
import { zabEngine } from './zab-subject.ts'

const { cases, notApplicable } = consensusCompliance(zabEngine())

for (const { name, run } of cases) test(`ZabEngine: ${name}`, run)

test('every case applies to ZabEngine', () => {
  assert.deepEqual(notApplicable, [])
})
