import assert from 'node:assert/strict'
import { resolve as absolute } from 'node:path'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { ConfigError } from '../../src/config/config-problem.ts'
import { type ConfigSources, resolveConfig } from '../../src/config/server-config.ts'

const base = 'dataDir=/d\nclientPort=2181\ninitLimit=10\nsyncLimit=5\n'
const three = [1, 2, 3].map((id) => `server.${id}=h${id}:2888:3888`).join('\n')

function resolve(
  text: string,
  files: Readonly<Record<string, string>> = { '/d/myid': '1\n' },
  more: Omit<ConfigSources, 'file' | 'readFile'> = {},
) {
  const readFile = (path: string) => files[path]
  return resolveConfig({ file: { path: 'zoo.cfg', text }, readFile, ...more })
}

function codes(text: string, files?: Readonly<Record<string, string>>): readonly string[] {
  return resolve(text, files).notices.map(({ code }) => code)
}

describe('the configuration of an ensemble', () => {
  it('makes a member of several server lines, without a notice', () => {
    const { config, notices } = resolve(`${base}${three}\n`)
    const { ensemble } = config
    assert.equal(ensemble?.serverId, 1)
    assert.deepEqual([...ensemble.membershipFiles.found.memberById.keys()], [1, 2, 3])
    assert.equal(ensemble.membershipFiles.found.version, 0)
    assert.equal(ensemble.membershipFiles.areKept, false)
    assert.equal(ensemble.membershipFiles.configFile, absolute('zoo.cfg'))
    assert.equal(config.clientPort, 2181)
    assert.deepEqual(notices, [])
  })

  it("has Apache's defaults", () => {
    const { ensemble } = resolve(`${base}${three}\n`).config
    const { membershipFiles: _, ...rest } = ensemble!
    assert.deepEqual(rest, {
      serverId: 1,
      zab: {
        initLimit: 10,
        syncLimit: 5,
        silentLeaderLimit: 2,
        leaderDiskLagMs: 2_000,
        commitLogCount: 500,
        snapshotSizeFactor: 0.33,
        forceSnapshotSync: false,
        reconfigEnabled: false,
        standaloneEnabled: true,
        minNotificationIntervalMs: 200,
        maxNotificationIntervalMs: 60_000,
        maxTimeToWaitForEpochMs: -1,
        finalizeWaitMs: 200,
        learnerQueueBytesMax: 512 * 1_048_576,
        zxidCounterMax: 0xffff_fffe,
        hasObserverMasters: false,
        observerReconnectDelayMs: 0,
        observerElectionDelayMs: 200,
      },
      observerMasterPort: 0,
      listensOnAllIps: false,
      electionPortBindRetry: 3,
      connectTimeoutMs: 5_000,
      isReadOnlyModeEnabled: false,
      localSessionsEnabled: false,
      localSessionsUpgradingEnabled: false,
      leaderServes: true,
      isMultiAddressEnabled: false,
    })
  })

  it('lets followers serve observers where a port for that is given', () => {
    const keys = ['observerMasterPort=2191', 'observer.reconnectDelayMs=500']
    const { ensemble } = resolve(`${base}${keys.join('\n')}\n${three}`, undefined, {
      jvmFlags: '-Dzookeeper.observer.election.DelayMs=0',
    }).config
    assert.equal(ensemble?.observerMasterPort, 2191)
    assert.equal(ensemble.zab.hasObserverMasters, true)
    assert.equal(ensemble.zab.observerReconnectDelayMs, 500)
    assert.equal(ensemble.zab.observerElectionDelayMs, 0)
  })

  it('reads its keys from zoo.cfg and from system properties', () => {
    const lines = [
      'quorumListenOnAllIPs=true',
      'electionPortBindRetry=0',
      'leaderServes=no',
      'localSessionsEnabled=true',
      'localSessionsUpgradingEnabled=true',
      'syncEnabled=false',
      'snapshotSizeFactor=-1',
    ]
    const jvmFlags =
      '-Dzookeeper.cnxTimeout=700 -Dzookeeper.tcpKeepAlive=true -Dreadonlymode.enabled=true ' +
      '-Dzookeeper.fastleader.minNotificationInterval=50 -Dzookeeper.fastleader.maxNotificationInterval=900 ' +
      '-Dzookeeper.leader.maxTimeToWaitForEpoch=700 ' +
      '-Dzookeeper.commitLogCount=600 -Dzookeeper.forceSnapshotSync=true'
    const { config, notices } = resolve(`${base}${lines.join('\n')}\n${three}`, undefined, {
      jvmFlags,
    })
    const { ensemble } = config
    assert.equal(ensemble?.listensOnAllIps, true)
    assert.equal(ensemble.electionPortBindRetry, 0)
    assert.equal(ensemble.leaderServes, false)
    assert.equal(ensemble.localSessionsEnabled, true)
    assert.equal(ensemble.localSessionsUpgradingEnabled, true)
    assert.equal(ensemble.connectTimeoutMs, 700)
    assert.equal(ensemble.isReadOnlyModeEnabled, true)
    assert.equal(ensemble.zab.snapshotSizeFactor, -1)
    assert.equal(ensemble.zab.minNotificationIntervalMs, 50)
    assert.equal(ensemble.zab.maxNotificationIntervalMs, 900)
    assert.equal(ensemble.zab.maxTimeToWaitForEpochMs, 700)
    assert.equal(ensemble.zab.commitLogCount, 600)
    assert.equal(ensemble.zab.forceSnapshotSync, true)
    assert.deepEqual(
      notices.map(({ message }) => /(\w+)=\w+ has no effect/.exec(message)?.[1]),
      ['tcpKeepAlive', 'syncEnabled'],
    )
  })

  it('raises a commitLogCount below 500, with a warning', () => {
    const { config, notices } = resolve(`${base}commitLogCount=10\n${three}`)
    assert.equal(config.ensemble?.zab.commitLogCount, 500)
    assert.equal(notices[0]?.code, 'CONFIG_VALUE_RAISED')
  })

  it('demands initLimit and syncLimit, in this order, before myid', () => {
    const bare = `dataDir=/d\nclientPort=2181\n${three}\n`
    assert.throws(() => resolve(bare, {}), {
      code: 'CONFIG_KEY_MISSING',
      message: /^zoo\.cfg: initLimit is not set, .*initLimit=10$/,
    })
    assert.throws(() => resolve(`${bare}initLimit=10\n`, {}), {
      code: 'CONFIG_KEY_MISSING',
      message: /^zoo\.cfg: syncLimit is not set/,
    })
  })

  it('reports the values that cannot be read before it misses others', () => {
    assert.throws(() => resolve(`dataDir=/d\nclientPort=1\nsyncLimit=0\nelectionAlg=1\n${three}`), {
      code: 'CONFIG_VALUE_INVALID',
      message: /found electionAlg=1; allowed is one of 3.*\n.*found syncLimit=0/,
    })
  })
})

describe('myid', () => {
  it('is missing', () => {
    assert.throws(() => resolve(`${base}${three}`, {}), {
      code: 'MYID_MISSING',
      message:
        /^the myid file is missing: .* \/d\/myid; write it there, for example with: echo 1 > /,
    })
  })

  it('has a number in its first line, and nothing else there', () => {
    for (const text of ['2', '2\n', '2\r\nleft over', '+2\n', '02']) {
      assert.equal(resolve(`${base}${three}`, { '/d/myid': text }).config.ensemble?.serverId, 2)
    }
    for (const text of ['', '\n2', ' 2', '2 ', 'two', '-2', '2.0', '0x2', '99999999999999999']) {
      assert.throws(() => resolve(`${base}${three}`, { '/d/myid': text }), {
        code: 'MYID_INVALID',
        message: /^\/d\/myid: found ".*" in the first line/,
      })
    }
  })

  it('is one of the server lines', () => {
    assert.throws(() => resolve(`${base}${three}`, { '/d/myid': '4' }), {
      code: 'MYID_NOT_A_MEMBER',
      message: /this is server 4, .* in zoo\.cfg: they are 1, 2, 3; .*server\.4=/,
    })
  })

  it('is not read by a standalone server', () => {
    assert.equal(resolve(base, { '/d/myid': 'nonsense' }).config.ensemble, undefined)
  })

  it('above 255 is taken, with a warning', () => {
    const lines = `${three}\nserver.1000=h4:1:2\nserver.1001=h5:1:2\n`
    assert.deepEqual(codes(base + lines, { '/d/myid': '1000' }), ['CONFIG_SERVER_ID_LARGE'])
  })
})

describe('the number of servers', () => {
  it('is one for a standalone server, unless standaloneEnabled is false', () => {
    const one = `${base}server.1=h:1:2\n`
    const alone = resolve(one)
    assert.equal(alone.config.ensemble, undefined)
    assert.ok(alone.notices.some(({ code }) => code === 'CONFIG_SERVER_LINE_IGNORED'))
    const ensemble = resolve(`${one}standaloneEnabled=false\n`)
    assert.equal(ensemble.config.ensemble?.zab.standaloneEnabled, false)
    assert.deepEqual(
      ensemble.notices.map(({ code }) => code),
      ['CONFIG_VOTER_COUNT'],
    )
  })

  it('of participants is at least one where there is no standalone mode', () => {
    for (const lines of ['', 'server.1=h:1:2:observer\n']) {
      assert.throws(() => resolve(`${base}standaloneEnabled=false\n${lines}`), {
        code: 'CONFIG_MEMBERSHIP_INVALID',
        message: /^zoo\.cfg: there is no participant and standaloneEnabled is false; add a line /,
      })
    }
  })

  it('of participants is at least two where one would be standalone and there are observers', () => {
    for (const lines of ['', 'server.2=h:1:2\n']) {
      assert.throws(() => resolve(`${base}server.1=h:1:2:observer\n${lines}`), {
        code: 'CONFIG_MEMBERSHIP_INVALID',
        message: /^zoo\.cfg: there are 1 observers and [01] participants/,
      })
    }
    assert.ok(
      resolve(`${base}standaloneEnabled=false\nserver.1=h:1:2:observer\nserver.2=h:1:2`).config
        .ensemble,
    )
  })

  it('is warned of when it is two or even', () => {
    const all = [1, 2, 3, 4, 5].map((id) => `server.${id}=h:1:2\n`)
    const counts = [2, 3, 4, 5].map((size) => codes(base + all.slice(0, size).join('')).length)
    assert.deepEqual(counts, [1, 0, 1, 0])
  })
})

describe('server lines', () => {
  it('may have groups, weights, observers, IPv6 literals and client addresses', () => {
    const lines = [
      'server.1=[::1]:2888:3888:participant;[::1]:2181',
      'server.2=h2:2888:3888;2182',
      'server.3=h3:2888:3888:observer',
      'group.1=1:2',
      'weight.2=0',
    ]
    const { found } = resolve(base + lines.join('\n')).config.ensemble!.membershipFiles
    assert.equal(
      found.text,
      [
        'server.1=[0:0:0:0:0:0:0:1]:2888:3888:participant;[0:0:0:0:0:0:0:1]:2181',
        'server.2=h2:2888:3888:participant;0.0.0.0:2182',
        'server.3=h3:2888:3888:observer',
        'group.1=1:2',
        'weight.1=1',
        'weight.2=0',
        'version=0',
      ].join('\n'),
    )
  })

  it('may have several addresses only when that is enabled', () => {
    const lines = `server.1=a:1:2|b:1:2\nserver.2=c:1:2\nserver.3=d:1:2\n`
    assert.throws(() => resolve(base + lines), {
      code: 'CONFIG_VALUE_INVALID',
      message: /^zoo\.cfg line 5: server 1 has several addresses; set multiAddress\.enabled=true/,
    })
    const { ensemble } = resolve(`${base}multiAddress.enabled=true\n${lines}`).config
    assert.equal(ensemble?.isMultiAddressEnabled, true)
    assert.deepEqual(ensemble.membershipFiles.found.memberById.get(1)?.quorumAddresses, [
      { host: 'a', port: 1 },
      { host: 'b', port: 1 },
    ])
  })

  it('that go together badly are refused with the name of the file', () => {
    assert.throws(() => resolve(`${base}${three}\ngroup.1=1:2\n`), {
      code: 'CONFIG_MEMBERSHIP_INVALID',
      message: /^zoo\.cfg: server 3 votes and is in no group/,
    })
    assert.throws(() => resolve(`${base}${three}\nserver.01=h:1:2\n`), {
      code: 'CONFIG_MEMBERSHIP_INVALID',
      message: /two members have the same id/,
    })
  })

  it('decide the role, with a warning where peerType says something else', () => {
    const lines = `${three}\nserver.4=h4:1:2:observer\n`
    assert.deepEqual(codes(`${base}peerType=observer\n${lines}`, { '/d/myid': '4' }), [])
    assert.deepEqual(codes(base + lines, { '/d/myid': '4' }), [])
    assert.deepEqual(codes(`${base}peerType=observer\n${lines}`), ['CONFIG_PEER_TYPE_OVERRIDDEN'])
  })
})

describe('dynamicConfigFile', () => {
  const files = { '/d/myid': '2', '/c/zoo.cfg.dynamic.100000007': `${three.replace('h1', 'H')}\n` }
  const text = `${base}dynamicConfigFile=/c/zoo.cfg.dynamic.100000007\n`

  it('holds the membership, whose version is in its name', () => {
    const { config, notices } = resolve(`${text}reconfigEnabled=true\n`, files)
    const { found, areKept } = config.ensemble!.membershipFiles
    assert.equal(found.version, 0x1_0000_0007)
    assert.equal(found.memberById.get(1)?.quorumAddresses[0]?.host, 'H')
    assert.equal(areKept, true)
    assert.deepEqual(notices, [])
  })

  it('does not go together with server lines in zoo.cfg', () => {
    for (const line of ['server.1=h:1:2', 'group.1=1', 'weight.1=1']) {
      assert.throws(() => resolve(`${text}${line}\n`, files), {
        code: 'CONFIG_CONTRADICTION',
        message: /^zoo\.cfg line 6: found .* move the line to that file/,
      })
    }
  })

  it('has to be there and to be readable', () => {
    assert.throws(() => resolve(text, {}), {
      code: 'CONFIG_UNREADABLE',
      message: /the file \/c\/zoo\.cfg\.dynamic\.100000007, which dynamicConfigFile names/,
    })
    const broken = { ...files, '/c/zoo.cfg.dynamic.100000007': '\nserver.1=h\n' }
    assert.throws(() => resolve(text, broken), {
      code: 'CONFIG_VALUE_INVALID',
      message: /^\/c\/zoo\.cfg\.dynamic\.100000007 line 2: server 1 \("h"\)/,
    })
  })

  it('with one server makes a standalone server', () => {
    const one = { '/c/one': 'server.1=h:1:2;2183\n' }
    const { config } = resolve('dataDir=/d\ndynamicConfigFile=/c/one\n', one)
    assert.equal(config.ensemble, undefined)
    assert.equal(config.clientPort, 2183)
  })
})

describe('where clients connect', () => {
  const bare = 'dataDir=/d\ninitLimit=1\nsyncLimit=1\n'
  const others = 'server.2=h:1:2\nserver.3=h:1:2\n'

  function address(lines: string): string {
    const { clientAddress, clientPort } = resolve(`${bare}${others}${lines}`).config
    return `${clientAddress}:${clientPort}`
  }

  it('is said by clientPort, by the server line, or by both', () => {
    assert.equal(address('server.1=h:1:2\nclientPort=7\n'), 'undefined:7')
    assert.equal(address('server.1=h:1:2\nclientPort=7\nclientPortAddress=a\n'), 'a:7')
    assert.equal(address('server.1=h:1:2;7\n'), 'undefined:7')
    assert.equal(address('server.1=h:1:2;10.0.0.1:7\n'), '10.0.0.1:7')
    assert.equal(address('server.1=h:1:2;10.0.0.1:7\nclientPort=7\n'), '10.0.0.1:7')
    assert.equal(
      address('server.1=h:1:2;10.0.0.1:7\nclientPort=7\nclientPortAddress=name\n'),
      '10.0.0.1:7',
    )
  })

  it('must not be said in two ways', () => {
    for (const lines of [
      'server.1=h:1:2;8\nclientPort=7\n',
      'server.1=h:1:2;10.0.0.2:7\nclientPort=7\nclientPortAddress=10.0.0.1\n',
    ]) {
      assert.throws(() => address(lines), {
        code: 'CONFIG_CONTRADICTION',
        message:
          /^zoo\.cfg line 7: clients are to connect to .*the line server\.1 in zoo\.cfg says/,
      })
    }
  })

  it('needs a port', () => {
    assert.throws(() => address('server.1=h:1:2\n'), { code: 'CONFIG_KEY_MISSING' })
    assert.throws(() => address('server.1=h:1:2;7\nclientPortAddress=a\n'), {
      code: 'CONFIG_CONTRADICTION',
      message: /clientPortAddress is set but clientPort is not set/,
    })
  })
})

describe('keys of ensembles', () => {
  it('say in a standalone server that they do nothing', () => {
    const { notices } = resolve(`${base}sslQuorum=true\nleaderServes=no\nforceSnapshotSync=true\n`)
    assert.deepEqual(
      notices.map(({ level, message }) => `${level} ${message}`),
      ['initLimit=10', 'syncLimit=5', 'sslQuorum=true', 'leaderServes=no', 'forceSnapshotSync=true']
        .map((setting, i) => [setting, [3, 4, 5, 6, 7][i]])
        .map(
          ([setting, line]) =>
            `info zoo.cfg line ${line}: ${setting} has no effect: the server runs standalone; the key belongs to ensembles`,
        ),
    )
  })

  it('that would make an ensemble safer than it is stop it', () => {
    for (const line of ['sslQuorum=true', 'quorum.auth.enableSasl=true', 'db.autocreate=false']) {
      assert.throws(() => resolve(`${base}${line}\n${three}`), { code: 'CONFIG_UNSUPPORTED' })
    }
  })

  it('that still do nothing say so', () => {
    const { notices } = resolve(`${base}portUnification=true\noraclePath=/o\n${three}`)
    assert.deepEqual(
      notices.map(({ level, code }) => `${level} ${code}`),
      ['warn CONFIG_KEY_INERT', 'warn CONFIG_KEY_INERT'],
    )
  })
})

const idOne = (): string => '1'

describe('reconfigEnabled', () => {
  it('needs the server lines in a file that can be rewritten', () => {
    const flags = [
      ...three.split('\n').map((line) => line.split('=') as [string, string]),
      ['initLimit', '10'] as const,
      ['syncLimit', '5'] as const,
    ].map(([name, value]) => ({ name, value, origin: '--set' }))
    const withoutFile = resolveConfig({ file: undefined, flags, readFile: idOne })
    assert.equal(withoutFile.config.ensemble?.membershipFiles.configFile, undefined)
    const enabled = { name: 'reconfigEnabled', value: 'true', origin: '--set' }
    for (const file of [undefined, { path: 'zoo.cfg', text: base }]) {
      assert.throws(() => resolveConfig({ file, flags: [...flags, enabled], readFile: idOne }), {
        code: 'CONFIG_CONTRADICTION',
        message: /needs the server lines in a zoo\.cfg/,
      })
    }
  })
})

describe('any text of server lines', () => {
  it('is a configuration or a ConfigError', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        ...'server. group. weight. version dynamicConfigFile standaloneEnabled = : ; | [ ] :: \n 1 2 99999 h observer participant'.split(
          ' ',
        ),
      ),
      fc.string({ maxLength: 3 }),
    )
    const line = fc.array(piece, { maxLength: 12 }).map((parts) => parts.join(''))
    fc.assert(
      fc.property(fc.array(line, { maxLength: 4 }), line, (lines, content) => {
        const text = `${base}${three}\nserver.${lines.join('\nserver.')}`
        const files = { '/d/myid': '1', '/dynamic': content }
        for (const one of [text, `${base}dynamicConfigFile=/dynamic\n`]) {
          try {
            resolve(one, files)
          } catch (error) {
            assert.ok(error instanceof ConfigError, String(error))
          }
        }
      }),
      { numRuns: 500 },
    )
  })
})
