import assert from 'node:assert/strict'
import { test } from 'node:test'
import { consensusCompliance } from '@quorate/testkit'
import { standaloneEngine } from './standalone-subject.ts'

const { cases, notApplicable } = consensusCompliance(standaloneEngine())

for (const { name, run } of cases) test(`StandaloneEngine: ${name}`, run)

test('what takes peers does not apply to an engine without them, and the suite says so', () => {
  assert.ok(cases.length >= 8)
  assert.ok(notApplicable.length > 20)
  for (const { reason } of notApplicable)
    assert.match(reason, /^it takes [2-6] servers; StandaloneEngine runs 1 at most$/)
})
