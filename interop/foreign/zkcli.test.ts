/** Apache's command line prints the same against our server as against its own. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { classPath, java, startApache } from '../harness/apache-server.ts'
import { runProgram } from '../harness/run-program.ts'
import type { ServerProcess } from '../harness/server-process.ts'
import { serversUnderTest } from '../harness/servers-under-test.ts'
import { type Transcript, transcript } from './transcript.ts'

const properties = { 'zookeeper.extendedTypesEnabled': 'true' }

const conversations: Readonly<Record<string, readonly string[]>> = {
  'nodes of every kind': [
    'create /a one',
    'create /a two',
    'create /a/b',
    'create -s /a/seq- x',
    'create -s /a/seq- y',
    'create -e /a/eph e',
    'create /a/eph/child',
    'create -c /a/container c',
    'create -t 60000 /a/ttl t',
    'create /nope/x y',
    'ls /a',
    'ls -s /a',
    'ls -R /',
    'getAllChildrenNumber /a',
    'getEphemerals /a',
    'getEphemerals',
    'delete /a',
    'delete -v 3 /a/b',
    'deleteall /a',
    'ls /',
  ],
  'data, versions and stats': [
    'create /d one',
    'get /d',
    'get -s /d',
    'set /d two',
    'set -s -v 1 /d three',
    'set -v 1 /d four',
    'stat /d',
    'stat /missing',
    'get /missing',
    'sync /d',
    'version',
    'whoami',
    'config',
  ],
  'access control': [
    'addauth digest alice:secret',
    'create /locked x auth::cdrwa',
    'getAcl /locked',
    'getAcl -s /locked',
    'setAcl /locked world:anyone:r',
    'set /locked y',
    'get /locked',
    'setAcl /locked world:anyone:cdrwa',
    'create /bad x nonsense:x:cdrwa',
    'create /ip x ip:127.0.0.1:cdrwa',
    'getAcl /ip',
  ],
  quotas: [
    'create /q x',
    'setquota -n 3 /q',
    'listquota /q',
    'create /q/a yy',
    'listquota /q',
    'delquota -n /q',
    'listquota /q',
    'delquota /q',
    'listquota /q',
  ],
}

async function converse(server: ServerProcess, commands: readonly string[]): Promise<Transcript> {
  const result = await runProgram({
    command: java,
    words: [
      '-XX:TieredStopAtLevel=1',
      '-cp',
      classPath(['slf4j-nop', 'zookeeper']),
      'org.apache.zookeeper.ZooKeeperMain',
      '-waitforconnection',
      '-server',
      server.address,
    ],
    input: ['printwatches off', ...commands, 'quit', ''].join('\n'),
    timeoutMs: 40_000,
  })
  return transcript(result)
}

for (const underTest of serversUnderTest)
  describe(`zkCli against ${underTest.name}`, () => {
    let reference: ServerProcess
    let subject: ServerProcess
    before(async () => {
      reference = await startApache({ properties })
      subject = await underTest.start({ properties })
    })
    after(() => Promise.all([reference.dispose(), subject.dispose()]))

    for (const [name, commands] of Object.entries(conversations))
      test(name, { timeout: 90_000 }, async () => {
        const [expected, actual] = await Promise.all([
          converse(reference, commands),
          converse(subject, commands),
        ])
        assert.equal(expected.status, 0, expected.errors.join('\n'))
        assert.deepEqual(actual, expected)
      })
  })
