/** The C client's command line (cli_mt) prints the same against our server as against Apache's. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { startApache } from '../harness/apache-server.ts'
import { runProgram } from '../harness/run-program.ts'
import type { ServerProcess } from '../harness/server-process.ts'
import { serversUnderTest } from '../harness/servers-under-test.ts'
import { type Transcript, transcript } from './transcript.ts'

const client = '/usr/lib/zookeeper/bin/cli_mt'

const commands = [
  'create /c',
  'create /c',
  'create +s /c/n-',
  'create +e /c/e',
  'create2 /c/two',
  'create2 /nowhere/x',
  'set /c value',
  'get /c',
  'ls /c',
  'ls2 /c',
  'sync /c',
  'delete /c',
  'delete /c/two',
]

/** One session a command: so the handshake is tried as often. (In this mode cli_mt never ends after `exists` and `getacl`.) */
async function batch(server: ServerProcess, command: string): Promise<Transcript> {
  const words = ['-h', server.address, '-c', command]
  const printed = transcript(await runProgram({ command: client, words, timeoutMs: 15_000 }))
  // Children come in no order.
  return { ...printed, errors: printed.errors.toSorted() }
}

for (const underTest of serversUnderTest)
  describe(`cli_mt against ${underTest.name}`, () => {
    let reference: ServerProcess
    let subject: ServerProcess
    before(async () => {
      reference = await startApache()
      subject = await underTest.start()
    })
    after(() => Promise.all([reference.dispose(), subject.dispose()]))

    for (const [i, command] of commands.entries())
      test(`${i + 1}: ${command}`, { timeout: 40_000 }, async () => {
        const [expected, actual] = await Promise.all([
          batch(reference, command),
          batch(subject, command),
        ])
        assert.notEqual(expected.status, null, 'cli_mt did not end')
        assert.deepEqual(actual, expected)
      })
  })
