/** Our shell prints what Apache's command line prints, line by line, and ends as scripts need it. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { transcript } from '../foreign/transcript.ts'
import { classPath, java, startApache } from '../harness/apache-server.ts'
import { repositoryRoot } from '../harness/repository.ts'
import { type ProgramResult, runProgram } from '../harness/run-program.ts'
import type { ServerProcess } from '../harness/server-process.ts'
import { serversUnderTest } from '../harness/servers-under-test.ts'

const properties = { 'zookeeper.extendedTypesEnabled': 'true' }

const conversations: Readonly<Record<string, readonly string[]>> = {
  nodes: [
    'create /a one',
    'create /a two',
    'create -s /a/seq- "two words"',
    'create -e /a/eph e',
    'create /a/eph/child',
    'create -c /a/container c',
    'create -t 60000 /a/ttl t',
    'create -t 0 /a/ttl t',
    'create -c -e /a/x',
    'create /a/ z',
    'create //a z',
    'create /nope/x',
    'create',
    'ls -s /a',
    'ls -R /a',
    'get -s /a',
    'get /a/none',
    'set -s /a three',
    'set -v 7 /a four',
    'stat /a',
    'stat /missing',
    'getAllChildrenNumber /a',
    'getEphemerals /a',
    'sync /a',
    'delete /a',
    'deleteall /a -b 2',
    'deleteall /a',
    'ls /',
  ],
  permissions: [
    'addauth digest alice:secret',
    'create /locked x auth::cdrwa',
    'getAcl -s /locked',
    'setAcl -s /locked world:anyone:r,digest:x:y:z',
    'set /locked y',
    'create /bad x nonsense:x:cdrwa',
    'delete /locked',
    'getAcl /missing',
    'whoami',
  ],
  quotas: [
    'create /q x',
    'create /q/a yy',
    'setquota -n 1 /q',
    'setquota -N 5 /q',
    'setquota -b 1000 /q/a',
    'setquota -n 1 /',
    'setquota -n 1 /none',
    'setquota -n 0 /q',
    'listquota /q',
    'listquota /none',
    'delquota -n /q',
    'listquota /q',
    'delquota /q',
    'listquota /q',
    'deleteall /q',
  ],
}

function apacheShell(server: ServerProcess, commands: readonly string[]): Promise<ProgramResult> {
  const main = 'org.apache.zookeeper.ZooKeeperMain'
  const options = ['-waitforconnection', '-server', server.address]
  return runProgram({
    command: java,
    words: [
      '-XX:TieredStopAtLevel=1',
      '-cp',
      classPath(['slf4j-nop', 'zookeeper']),
      main,
      ...options,
    ],
    input: [...commands, 'quit', ''].join('\n'),
    timeoutMs: 40_000,
  })
}

function ourShell(
  server: ServerProcess,
  words: readonly string[],
  input: readonly string[] = [],
): Promise<ProgramResult> {
  return runProgram({
    command: join(repositoryRoot, 'node_modules', '.bin', 'quorate'),
    words: ['shell', '-server', server.address, ...words],
    input: input.map((line) => `${line}\n`).join(''),
    timeoutMs: 40_000,
  })
}

/** What zkCli says of itself. */
const greetings = /^(Connecting to|Welcome to ZooKeeper|JLine support)/

describe('our shell beside zkCli', () => {
  let server: ServerProcess
  before(async () => {
    server = await startApache({ properties })
  })
  after(() => server.dispose())

  for (const [name, commands] of Object.entries(conversations))
    test(name, { timeout: 90_000 }, async () => {
      const reference = transcript(await apacheShell(server, commands))
      const ours = transcript(await ourShell(server, [], [...commands, 'quit']))
      assert.deepEqual(ours.errors, reference.errors)
      assert.deepEqual(
        ours.output,
        reference.output.filter((line) => !greetings.test(line)),
      )
    })
})

for (const underTest of serversUnderTest)
  describe(`our shell against ${underTest.name}`, () => {
    let server: ServerProcess
    before(async () => {
      server = await underTest.start({ properties })
    })
    after(() => server.dispose())

    test('runs the command on its command line', { timeout: 60_000 }, async () => {
      assert.equal((await ourShell(server, ['create', '/x', 'two words'])).status, 0)
      const { status, output, errors } = await ourShell(server, ['get', '/x'])
      assert.deepEqual([status, output, errors], [0, 'two words\n', ''])
    })

    test(
      'fails with the command, and with any command of a script',
      { timeout: 60_000 },
      async () => {
        const missing = await ourShell(server, ['get', '/missing'])
        assert.deepEqual([missing.status, missing.errors], [1, 'Node does not exist: /missing\n'])
        const script = await ourShell(server, [], ['get /missing', 'ls /', 'quit', 'get /unread'])
        assert.deepEqual([script.status, script.output.includes('zookeeper')], [1, true])
        assert.doesNotMatch(script.errors, /unread/)
      },
    )

    test('says why deleteall could not delete', { timeout: 60_000 }, async () => {
      const script = [
        'create /p',
        'create /p/c x world:anyone:r',
        'create /p/c/d',
        'setAcl /p world:anyone:r',
      ]
      await ourShell(server, [], script)
      const { status, errors } = await ourShell(server, ['deleteall', '/p'])
      assert.equal(status, 1)
      assert.match(
        errors,
        /Failed to delete some node\(s\) in the subtree!\nInsufficient permission : /,
      )
    })

    test('prints what its watches tell', { timeout: 60_000 }, async () => {
      const script = [
        'create /w 1',
        'get -w /w',
        'set /w 2',
        'addWatch /w',
        'create /w/c',
        'removewatches /w',
      ]
      const { output } = await ourShell(server, [], script)
      const events = output.split('\n').filter((line) => line.startsWith('WatchedEvent'))
      assert.deepEqual(
        events.map((line) => line.replace(/ zxid: \d+$/, '')),
        [
          'WatchedEvent state:SyncConnected type:NodeDataChanged path:/w',
          'WatchedEvent state:SyncConnected type:NodeCreated path:/w/c',
          'WatchedEvent state:SyncConnected type:PersistentWatchRemoved path:/w',
        ],
      )
    })
  })
