import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type ConfigSources, resolveConfig } from '../../src/config/server-config.ts'

function resolve(text: string, more: Omit<ConfigSources, 'file'> = {}) {
  return resolveConfig({ file: { path: 'zoo.cfg', text }, ...more })
}

const base = 'dataDir=/d\nclientPort=2181\n'

function whitelist(value: string) {
  return resolve(`${base}4lw.commands.whitelist=${value}\n`).config.fourLetterWords
}

describe('resolveConfig', () => {
  it('serves this machine only when there is no file', () => {
    const { config, notices } = resolveConfig({ file: undefined })
    assert.equal(config.clientAddress, '127.0.0.1')
    assert.equal(config.clientPort, 2181)
    assert.equal(config.dataDir, 'data')
    assert.equal(config.configFile, undefined)
    assert.deepEqual(notices, [])
  })

  it("has Apache's defaults, but for those that are marked", () => {
    const { config } = resolve(base)
    assert.equal(config.tickTimeMs, 3_000)
    assert.equal(config.minSessionTimeoutMs, 6_000)
    assert.equal(config.maxSessionTimeoutMs, 60_000)
    assert.equal(config.clientAddress, undefined)
    assert.equal(config.dataLogDir, '/d')
    assert.equal(config.maxClientCnxns, 60)
    assert.equal(config.snapCount, 100_000)
    assert.equal(config.forceSync, true)
    assert.deepEqual(config.fourLetterWords, new Set(['srvr']))
    assert.equal(config.purgeIntervalMs, 3_600_000)
    assert.equal(config.extendedTypesEnabled, true)
  })

  it('lets zoo.cfg win over system properties and the command line over both', () => {
    const jvmFlags =
      '-Xmx1g -Dzookeeper.snapCount=10 "-Dzookeeper.globalOutstandingLimit=7" -Djute.maxbuffer=4096'
    const { config, notices } = resolve(`${base}snapCount=20\nenforceQuota=true\n`, {
      jvmFlags,
      serverJvmFlags: '-Djute.maxbuffer=2048 -Dzookeeper.skipACL=yes',
      flags: [{ name: 'enforceQuota', value: 'false', origin: '--set' }],
    })
    assert.equal(config.snapCount, 20)
    assert.equal(config.globalOutstandingLimit, 7)
    assert.equal(config.juteMaxBuffer, 4_096)
    assert.equal(config.skipAcl, true)
    assert.equal(config.enforceQuota, false)
    assert.deepEqual(notices, [])
  })

  it('reads the keys of the throttles', () => {
    const lines = [
      'throttled_op_wait_time=250',
      'request_throttle_max_requests=40',
      'connection_throttle_tokens=100',
      'connection_throttle_fill_time=20',
      'connection_throttle_fill_count=5',
      'connection_throttle_freeze_time=30',
      'connection_throttle_drop_increase=0.5',
      'connection_throttle_weight_enabled=true',
    ]
    const { config, notices } = resolve(`${base}${lines.join('\n')}\n`)
    assert.equal(config.throttledOpWaitMs, 250)
    assert.equal(config.requestThrottleMaxRequests, 40)
    assert.deepEqual(config.connectionThrottle, {
      tokens: 100,
      fillTimeMs: 20,
      fillCount: 5,
      freezeTimeMs: 30,
      dropIncrease: 0.5,
      dropDecrease: 0.002,
      decreaseRatio: 0,
      weights: { create: 3, reattach: 2 },
    })
    assert.deepEqual(notices, [])
  })

  it('warns of unknown keys with the line and the nearest known key', () => {
    const { notices } = resolve(`${base}ticktime=5\nfoo=bar\n`)
    assert.deepEqual(notices, [
      {
        level: 'warn',
        code: 'CONFIG_KEY_UNKNOWN',
        message:
          'zoo.cfg line 3: the key ticktime is not known and has no effect; did you mean tickTime?',
      },
      {
        level: 'warn',
        code: 'CONFIG_KEY_UNKNOWN',
        message: 'zoo.cfg line 4: the key foo is not known and has no effect',
      },
    ])
  })

  it('reports all bad values at once, each with file, line, key, value and what is allowed', () => {
    assert.throws(() => resolve('dataDir=/d\nclientPort=x\ntickTime=-1\n'), {
      code: 'CONFIG_VALUE_INVALID',
      message:
        'zoo.cfg line 2: found clientPort=x; allowed is a whole number from 0 to 65535; write for example clientPort=2181\n' +
        'zoo.cfg line 3: found tickTime=-1; allowed is a whole number from 1 to 2147483647 (ms); write for example tickTime=3000',
    })
  })

  it('names the property that a bad value came from', () => {
    assert.throws(() => resolve(base, { jvmFlags: '-Dzookeeper.snapCount=many' }), {
      message: /^JVMFLAGS \(-Dzookeeper\.snapCount\): found snapCount=many; /,
    })
  })

  it('demands a data directory and a client port', () => {
    assert.throws(() => resolve('clientPort=1\n'), {
      code: 'CONFIG_KEY_MISSING',
      message: /dataDir/,
    })
    assert.throws(() => resolve('dataDir=/d\n'), {
      code: 'CONFIG_KEY_MISSING',
      message: /clientPort/,
    })
  })

  it('refuses session timeouts that contradict each other', () => {
    assert.throws(() => resolve(`${base}minSessionTimeout=5000\nmaxSessionTimeout=4000\n`), {
      code: 'CONFIG_CONTRADICTION',
    })
  })

  it('runs standalone with one server line, and takes the client port from it', () => {
    const { config, notices } = resolve('dataDir=/d\nserver.1=h:2888:3888;127.0.0.1:2182\n')
    assert.equal(config.clientPort, 2182)
    assert.equal(config.clientAddress, '127.0.0.1')
    assert.deepEqual(
      notices.map((notice) => notice.code),
      ['CONFIG_SERVER_LINE_IGNORED'],
    )
  })

  it('names a server line of another form', () => {
    assert.throws(() => resolve(`${base}server.1=h\n`), {
      code: 'CONFIG_VALUE_INVALID',
      message: /^zoo\.cfg line 3: server 1 \("h"\) has the address "h"; expected is /,
    })
  })

  it('tells of keys that do nothing, unless they have their default', () => {
    const { notices } = resolve(`${base}initLimit=10\nsecureClientPort=2281\nmaxBatchSize=1000\n`)
    assert.deepEqual(
      notices.map(({ level, code }) => `${level} ${code}`),
      ['info CONFIG_KEY_INERT', 'warn CONFIG_KEY_INERT'],
    )
  })

  it('refuses to start when it was told to keep out whom it cannot tell apart', () => {
    assert.throws(
      () => resolve(base, { jvmFlags: '-Dzookeeper.sessionRequireClientSASLAuth=true' }),
      {
        code: 'CONFIG_UNSUPPORTED',
      },
    )
  })

  it('asks for schemes when authentication is enforced', () => {
    assert.throws(() => resolve(`${base}enforce.auth.enabled=true\n`), {
      code: 'CONFIG_CONTRADICTION',
    })
    const { config } = resolve(
      `${base}enforce.auth.enabled=true\nenforce.auth.schemes=digest, sasl\n`,
    )
    assert.deepEqual(config.enforceAuthSchemes, ['digest', 'sasl'])
  })

  it('reads the whitelist as Apache does', () => {
    assert.deepEqual(whitelist('ruok , stat,'), new Set(['ruok', 'stat', 'srvr']))
    assert.deepEqual(whitelist('ruok,*'), 'all')
    assert.deepEqual(whitelist('RUOK'), new Set(['RUOK', 'srvr']))
  })

  it('allows isro with read-only mode, which start scripts set as a bare property', () => {
    const { config } = resolve(base, { jvmFlags: '-Dreadonlymode.enabled=true' })
    assert.deepEqual(config.fourLetterWords, new Set(['isro', 'srvr']))
  })

  it('raises a retain count below three, with a warning', () => {
    const { config, notices } = resolve(`${base}autopurge.snapRetainCount=1\n`)
    assert.equal(config.snapRetainCount, 3)
    assert.equal(notices[0]?.code, 'CONFIG_VALUE_RAISED')
  })

  it('ignores properties that are for Java or for logging, and warns of those of no effect', () => {
    const jvmFlags =
      '-Djava.net.preferIPv4Stack=true -Dzookeeper.log.dir=/x -Dzookeeper.tickTime=1 -Dzookeeper.nonsense=1'
    const { notices } = resolve(base, { jvmFlags })
    assert.deepEqual(
      notices.map((notice) => notice.message),
      [
        'JVMFLAGS: -Dzookeeper.tickTime is ignored: tickTime has no system property; set it in zoo.cfg or with --set tickTime=…',
        'JVMFLAGS: -Dzookeeper.nonsense is ignored: no such property is known',
      ],
    )
  })

  it('takes the later of two lines with one key, with a warning', () => {
    const { config, notices } = resolve(`${base}tickTime=1\ntickTime=2\n`)
    assert.equal(config.tickTimeMs, 2)
    assert.equal(notices[0]?.code, 'CONFIG_KEY_REPEATED')
  })

  it('refuses a flag that names no key', () => {
    const flags = [{ name: 'ticktime', value: '1', origin: '--set' }]
    assert.throws(() => resolve(base, { flags }), {
      message: '--set: there is no key ticktime; did you mean tickTime?',
    })
  })
})
