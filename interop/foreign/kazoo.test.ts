/** kazoo, the Python client: one script a scenario, each on a fresh server. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { ServerProcess } from '../harness/server-process.ts'
import { serversUnderTest } from '../harness/servers-under-test.ts'
import { runKazooScript } from './kazoo-client.ts'

const scenariosByScript = {
  'basics.py': ['nodes', 'watches', 'transaction', 'ephemerals', 'acls'],
  'recipes.py': ['lock', 'election', 'queue', 'locking queue', 'party', 'barrier', 'counter'],
}

for (const underTest of serversUnderTest)
  describe(`kazoo against ${underTest.name}`, () => {
    let server: ServerProcess
    before(async () => {
      server = await underTest.start()
    })
    after(() => server.dispose())

    for (const [script, scenarios] of Object.entries(scenariosByScript))
      for (const scenario of scenarios)
        test(scenario, { timeout: 70_000 }, async () => {
          const result = await runKazooScript(script, [server.address, scenario])
          assert.equal(result.output, 'passed\n', result.errors)
        })
  })
