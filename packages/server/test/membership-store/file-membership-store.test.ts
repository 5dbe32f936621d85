import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Membership, parseMembership } from '@quorate/consensus'
import * as fc from 'fast-check'
import { resolveConfig } from '../../src/config/server-config.ts'
import { FileMembershipStore } from '../../src/membership-store/file-membership-store.ts'
import type { LogLine } from '../../src/server-log.ts'
import { MemoryConfigurationDisk } from './memory-configuration-disk.ts'

const zooCfg = '/c/zoo.cfg'
const keys =
  '# keep me\ndataDir=/d\ntickTime=2000\ninitLimit=10\nsyncLimit=5\nclientPort=2181\nreconfigEnabled=true\n'
const servers = 'server.1=h1:2888:3888\nserver.2=h2:2888:3888\nserver.3=h3:2888:3888\n'

function diskWith(files: Readonly<Record<string, string>>): MemoryConfigurationDisk {
  return new MemoryConfigurationDisk({ '/d/myid': '1\n', ...files })
}

/** Starts as a server does: reads the configuration, then opens the store. */
function start(disk: MemoryConfigurationDisk, lines: LogLine[] = []): FileMembershipStore {
  const { config } = resolveConfig({
    file: { path: zooCfg, text: disk.text(zooCfg)! },
    readFile: (path) => disk.text(path),
  })
  return FileMembershipStore.open(
    config.ensemble!.membershipFiles,
    (line) => lines.push(line),
    disk,
  )
}

/** Server 1 has another port in each version, so that no two texts are the same. */
function membershipAt(version: number, clientPort?: number): Membership {
  const client = clientPort === undefined ? '' : `;${clientPort}`
  const others = 'server.2=h2:2888:3888\nserver.3=h3:2888:3888'
  const text = `server.1=h1:${1000 + (version % 1000)}:3888${client}\n${others}`
  return parseMembership(`${text}\nversion=${version.toString(16)}`)
}

function versions(store: FileMembershipStore): string {
  return `${store.committed.version.toString(16)}/${store.lastSeen.version.toString(16)}`
}

describe('FileMembershipStore', () => {
  it('splits a zoo.cfg when the first membership with a version comes into force, as Apache does', () => {
    const disk = diskWith({ [zooCfg]: keys + servers })
    const store = start(disk)
    assert.deepEqual(disk.names(), ['/c/zoo.cfg', '/c/zoo.cfg.bak', '/d/myid'])
    assert.equal(disk.text('/c/zoo.cfg.bak'), keys + servers)
    assert.equal(disk.text(zooCfg), keys + servers)

    const dated = parseMembership(`${servers}version=100000000`)
    store.setLastSeen(dated)
    assert.equal(
      disk.text('/c/zoo.cfg.dynamic.next'),
      'server.1=h1:2888:3888:participant\nserver.2=h2:2888:3888:participant\n' +
        'server.3=h3:2888:3888:participant\nversion=100000000',
    )
    store.setCommitted(dated)
    assert.deepEqual(disk.names(), [
      '/c/zoo.cfg',
      '/c/zoo.cfg.bak',
      '/c/zoo.cfg.dynamic.100000000',
      '/d/myid',
    ])
    assert.equal(disk.text(zooCfg), `${keys}dynamicConfigFile=/c/zoo.cfg.dynamic.100000000\n`)
    assert.equal(
      disk.text('/c/zoo.cfg.dynamic.100000000'),
      'server.1=h1:2888:3888:participant\nserver.2=h2:2888:3888:participant\nserver.3=h3:2888:3888:participant',
    )
  })

  it('finds after a restart what was in force and what was proposed', () => {
    const disk = diskWith({ [zooCfg]: keys + servers })
    const store = start(disk)
    store.setLastSeen(membershipAt(0x1_0000_0000))
    store.setCommitted(membershipAt(0x1_0000_0000))
    store.setLastSeen(membershipAt(0x1_0000_0007))
    const again = start(disk)
    assert.equal(versions(again), '100000000/100000007')
    assert.equal(again.committed.text, store.committed.text)
    assert.equal(again.lastSeen.text, store.lastSeen.text)
  })

  it('forgets a proposal that was taken back', () => {
    const disk = diskWith({ [zooCfg]: keys + servers })
    const store = start(disk)
    store.setCommitted(membershipAt(5))
    store.setLastSeen(membershipAt(5))
    store.setLastSeen(membershipAt(6))
    store.setLastSeen(store.committed)
    assert.equal(disk.text('/c/zoo.cfg.dynamic.next'), undefined)
    assert.equal(versions(start(disk)), '5/5')
  })

  it('takes clientPort out of zoo.cfg when the membership has it', () => {
    const disk = diskWith({ [zooCfg]: keys + servers })
    start(disk).setCommitted(membershipAt(5, 2281))
    assert.doesNotMatch(disk.text(zooCfg)!, /clientPort/)
    assert.deepEqual(start(disk).committed.memberById.get(1)?.clientAddress, {
      host: '0.0.0.0',
      port: 2281,
    })
  })

  it('writes nothing when reconfigurations are not enabled', () => {
    const text = keys.replace('reconfigEnabled=true\n', '') + servers
    const disk = diskWith({ [zooCfg]: text })
    const store = start(disk)
    store.setLastSeen(membershipAt(5))
    store.setCommitted(membershipAt(5))
    assert.equal(versions(store), '5/5')
    assert.deepEqual(disk.names(), [zooCfg, '/d/myid'])
    assert.equal(disk.text(zooCfg), text)
  })

  it('does not let a left-over proposal count against servers that were written into zoo.cfg anew', () => {
    const disk = diskWith({
      [zooCfg]: keys + servers,
      '/c/zoo.cfg.dynamic.next': 'server.1=old:1:2\nversion=900000000',
    })
    const store = start(disk)
    assert.equal(versions(store), '0/0')
    store.setCommitted(membershipAt(5))
    assert.equal(disk.text('/c/zoo.cfg.dynamic.next'), undefined)
  })

  it('goes on without a proposal that cannot be read, with a warning', () => {
    const disk = diskWith({
      [zooCfg]: `${keys}dynamicConfigFile=/c/zoo.cfg.dynamic.5\n`,
      '/c/zoo.cfg.dynamic.5': servers,
      '/c/zoo.cfg.dynamic.next': 'nonsense',
    })
    const lines: LogLine[] = []
    assert.equal(versions(start(disk, lines)), '5/5')
    assert.deepEqual(
      lines.map(({ level, code }) => `${level} ${code}`),
      ['warn MEMBERSHIP_UNREADABLE'],
    )
  })

  it('reports what it cannot write, and goes on in memory', () => {
    const disk = diskWith({ [zooCfg]: keys + servers })
    const lines: LogLine[] = []
    const store = start(disk, lines)
    disk.failsWrites = true
    store.setLastSeen(membershipAt(5))
    store.setCommitted(membershipAt(5))
    assert.equal(versions(store), '5/5')
    assert.deepEqual(
      lines.map(({ level, code }) => `${level} ${code}`),
      ['error MEMBERSHIP_NOT_WRITTEN', 'error MEMBERSHIP_NOT_WRITTEN'],
    )
    assert.match(lines[0].message, /\/c\/zoo\.cfg and its directory writable/)
  })

  it('tells when the file in force has gone since the configuration was read', () => {
    const disk = diskWith({
      [zooCfg]: `${keys}dynamicConfigFile=/c/zoo.cfg.dynamic.5\n`,
      '/c/zoo.cfg.dynamic.5': servers,
    })
    const { config } = resolveConfig({
      file: { path: zooCfg, text: disk.text(zooCfg)! },
      readFile: (path) => disk.text(path),
    })
    disk.remove('/c/zoo.cfg.dynamic.5')
    const { membershipFiles } = config.ensemble!
    assert.throws(() => FileMembershipStore.open(membershipFiles, () => {}, disk), {
      code: 'CONFIG_UNREADABLE',
    })
  })
})

describe('a server that fails at any moment', () => {
  it('starts with the membership before or after the change that was under way', () => {
    const step = fc.record({
      proposes: fc.integer({ min: 1, max: 4 }),
      isCommitted: fc.boolean(),
      clientPort: fc.option(fc.constant(2181), { nil: undefined }),
    })
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 5 }), (steps) => {
        const disk = diskWith({ [zooCfg]: keys + servers })
        const store = start(disk)
        let version = 0
        for (const { proposes, isCommitted, clientPort } of steps) {
          version += proposes
          const next = membershipAt(version, clientPort)
          checkEveryMoment(disk, store, () => store.setLastSeen(next))
          // The one before is given up when a proposal is not committed: its history was cut off.
          if (isCommitted) checkEveryMoment(disk, store, () => store.setCommitted(next))
          else checkEveryMoment(disk, store, () => store.setLastSeen(store.committed))
        }
      }),
      { numRuns: 40 },
    )
  })
})

/** Carries the change out, and starts a server from what the disk held between any two of its steps. */
function checkEveryMoment(
  disk: MemoryConfigurationDisk,
  store: FileMembershipStore,
  change: () => void,
): void {
  const before = [store.committed.text, store.lastSeen.text]
  const moments = disk.momentsOf(change)
  const after = [store.committed.text, store.lastSeen.text]
  assert.ok(moments.length > 0)
  for (const moment of moments) {
    const again = start(moment)
    assert.ok([before[0], after[0]].includes(again.committed.text), again.committed.text)
    // A zoo.cfg that has the lines within knows of no proposal; the log does.
    const isWithin = again.committed.version === 0
    assert.ok(isWithin || [before[1], after[1]].includes(again.lastSeen.text))
    assert.ok(again.lastSeen.version >= again.committed.version)
  }
  const end = start(moments.at(-1)!)
  assert.equal(end.committed.text, after[0])
  if (end.committed.version !== 0) assert.equal(end.lastSeen.text, after[1])
}
