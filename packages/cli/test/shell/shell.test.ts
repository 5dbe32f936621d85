import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import { commandsByName } from '../../src/shell/command-table.ts'
import { parseLaunchOptions } from '../../src/shell/launch-options.ts'
import { Shell } from '../../src/shell/shell.ts'

let lines: string[]
let notices: string[]
let shell: Shell

beforeEach(() => {
  lines = []
  notices = []
  const output = {
    line: (text: string) => void lines.push(text),
    print: (text: string) => void lines.push(text),
    notice: (text: string) => void notices.push(text),
  }
  shell = new Shell(parseLaunchOptions(['-server', '127.0.0.1:1/app']), output, false)
})

async function execute(line: string): Promise<boolean> {
  lines.length = 0
  notices.length = 0
  return shell.executeLine(line)
}

describe('the shell', () => {
  it('has every command of zkCli', () => {
    const names =
      'addauth addWatch close config connect create delete deleteall delquota exit get getAcl getAllChildrenNumber getEphemerals history listquota ls printwatches quit reconfig redo removewatches set setAcl setquota stat sync version whoami'
    assert.deepEqual(
      names.split(' ').filter((name) => !commandsByName.has(name)),
      [],
    )
  })

  it('shows all commands for one that it does not know', async () => {
    assert.equal(await execute('frobnicate /a'), false)
    assert.match(notices[0], /\tgetAcl \[-s\] path\n/)
    assert.equal(notices[1], 'Command not found: Command not found frobnicate')
  })

  it('shows the usage of a command that lacks arguments', async () => {
    assert.equal(await execute('create -s'), false)
    assert.deepEqual(notices, ['create [-s] [-e] [-c] [-t ttl] path [data] [acl]'])
  })

  it('refuses what cannot be before it goes to the server', async () => {
    const refused: readonly (readonly [string, string])[] = [
      ['get a', 'Path must start with / character'],
      [
        'create -c -e /a',
        '-c cannot be combined with -s or -e. Containers cannot be ephemeral or sequential.',
      ],
      ['create -e -t 5 /a', 'TTLs cannot be used with Ephemeral znodes'],
      ['create -t 0 /a', 'ttl must be positive and cannot be larger than: 1099511627775'],
      ['set -b /a x', '"x" is not valid base64'],
      ['setquota -n 0 /a', 'the num quota must be greater than zero'],
      ['setquota -n 1 /zookeeper/quota/a', 'cannot set a quota under the path: /zookeeper/quota'],
      [
        'reconfig -add a -members b',
        "Can't use -file or -members together with -add or -remove (mixing incremental and non-incremental modes is not allowed)",
      ],
      [
        'delete /a 3',
        "'delete path [version]' has been deprecated. Please use 'delete [-v version] path' instead.",
      ],
    ]
    for (const [line, notice] of refused) {
      assert.equal(await execute(line), false, line)
      assert.deepEqual(notices, [notice])
    }
  })

  it('remembers its lines, and does them again', async () => {
    await execute('printwatches')
    assert.deepEqual(lines, ['printwatches is on'])
    await execute('printwatches off')
    await execute('   ')
    assert.equal(await execute('redo 0'), true)
    assert.deepEqual(lines, ['printwatches is off'])
    await execute('history')
    assert.deepEqual(lines, [
      '0 - printwatches',
      '1 - printwatches off',
      '2 - printwatches',
      '3 - history',
    ])
    assert.equal(await execute('redo 9'), false)
    assert.deepEqual(notices, ['Command index out of range'])
  })

  it('has the server, the state and the number of the line in its prompt', async () => {
    assert.equal(shell.prompt, '[zk: 127.0.0.1:1/app(CONNECTING) 0] ')
    await execute('close')
    assert.equal(shell.prompt, '[zk: 127.0.0.1:1/app(CLOSED) 1] ')
    assert.equal(await execute('ls /'), false)
    assert.deepEqual(notices, ['Not connected'])
  })

  it('ends by quit and by exit', async () => {
    await execute('quit')
    assert.equal(shell.hasQuit, true)
  })
})
