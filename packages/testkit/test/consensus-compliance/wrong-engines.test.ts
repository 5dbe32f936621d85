import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ComplianceViolation, consensusCompliance } from '@quorate/testkit'
import { wrongEngines } from './wrong-engines.ts'

for (const { engine, fails } of wrongEngines) {
  test(`${engine.name} does not comply`, () => {
    const { cases } = consensusCompliance(engine)
    for (const name of fails) {
      const meant = cases.find((it) => it.name === name)
      assert.ok(meant !== undefined, `there is no case "${name}"`)
      assert.throws(
        () => meant.run(),
        (error) => error instanceof ComplianceViolation || error instanceof assert.AssertionError,
        name,
      )
    }
  })
}

test('random runs find an engine that acknowledges before the sync', () => {
  const hasty = wrongEngines.find(({ engine }) => engine.name.endsWith('before the sync'))!
  const { cases } = consensusCompliance(hasty.engine, { seeds: { first: 1, last: 3 } })
  const random = cases.filter(({ name }) => name.startsWith('a random run of 3 voters'))
  assert.equal(random.length, 1)
  assert.throws(() => random[0].run(), /seed 1: server \d delivers .* which is on the disks of/)
})
