import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Member, membershipOf, parseMembership } from '@quorate/consensus'
import * as fc from 'fast-check'
import { ConfigError } from '../../src/config/config-problem.ts'
import {
  dynamicFilePath,
  formatDynamicFile,
  formatNextFile,
  parseDynamicFile,
  parseNextFile,
} from '../../src/membership-store/dynamic-file.ts'

function parse(text: string, path = '/c/zoo.cfg.dynamic.5') {
  return parseDynamicFile({ path, text, isMultiAddressEnabled: true })
}

function versionOf(path: string): number {
  return parse('server.1=h:1:2', path).version
}

const members: fc.Arbitrary<readonly Member[]> = fc
  .uniqueArray(fc.nat({ max: 300 }), { minLength: 1, maxLength: 12 })
  .chain((ids) => fc.tuple(...ids.map(memberOf)))

function memberOf(id: number): fc.Arbitrary<Member> {
  const host = fc.constantFrom(
    'a',
    'zk-1.example.org',
    '10.0.0.1',
    '::1',
    'fe80::1%eth0',
    'ü',
    '\\',
  )
  const port = fc.integer({ min: 0, max: 65_534 })
  const client = fc.option(fc.record({ host, port }), { nil: undefined })
  return fc
    .record({
      id: fc.constant(id),
      quorumAddresses: fc.record({ host, port }).map((address) => [address]),
      electionAddresses: fc.constant([]),
      isVoter: fc.boolean(),
      clientAddress: client,
      secureClientAddress: client,
    })
    .map((member) => ({
      ...member,
      electionAddresses: member.quorumAddresses.map((at) => ({ host: at.host, port: at.port + 1 })),
    }))
}

const memberships = fc
  .record({ members, version: fc.nat(), isHierarchical: fc.boolean() })
  .map(({ members: all, version, isHierarchical }) =>
    membershipOf({
      members: all,
      version,
      ...(isHierarchical
        ? { groups: new Map([[1, all.map(({ id }) => id)]]), weights: new Map([[all[0].id, 3]]) }
        : {}),
    }),
  )

describe('the dynamic configuration file', () => {
  it('has the lines that Apache writes, without the version and without a last newline', () => {
    const membership = parseMembership(
      'server.10=c:1:2\nserver.2=b:1:2:observer;2181\nserver.1=a:1:2\ngroup.1=1:10\nversion=100000000',
    )
    assert.equal(
      formatDynamicFile(membership),
      [
        'group.1=1:10',
        'server.10=c:1:2:participant',
        'server.1=a:1:2:participant',
        'server.2=b:1:2:observer;0.0.0.0:2181',
        'weight.10=1',
        'weight.1=1',
      ].join('\n'),
    )
    assert.match(formatNextFile(membership), /^group[^]*\nversion=100000000\nweight\.10=1\nweight/)
  })

  it('has its version behind the last dot of its name, where that is a number', () => {
    assert.equal(versionOf('/c/zoo.cfg.dynamic.2000000ff'), 0x2_0000_00ff)
    assert.equal(versionOf('/c/zoo.cfg.dynamic'), 0)
    assert.equal(versionOf('/c/members'), 0)
    assert.equal(versionOf('/c/zoo.cfg.dynamic.'), 0)
    assert.equal(dynamicFilePath('/c/zoo.cfg', 0x2_0000_00ff), '/c/zoo.cfg.dynamic.2000000ff')
    assert.throws(() => versionOf('/c/x.ffffffffffffffff'), { code: 'CONFIG_MEMBERSHIP_INVALID' })
  })

  it('has no version and no other key within', () => {
    assert.throws(() => parse('server.1=h:1:2\nversion=5'), {
      code: 'CONFIG_MEMBERSHIP_INVALID',
      message: /^\/c\/zoo\.cfg\.dynamic\.5 line 2: found version=5; .*remove the line$/,
    })
    assert.throws(() => parse('server.1=h:1:2\ntickTime=5'), {
      code: 'CONFIG_MEMBERSHIP_INVALID',
      message: /line 2: found the key tickTime; /,
    })
  })

  it('may have comments, blanks and a key twice, of which the last counts', () => {
    const { memberById } = parse('# servers\n\nserver.1 : a:1:2\r\n server.1=b\\:1:2\n')
    assert.deepEqual(
      [...memberById.values()].map((member) => member.quorumAddresses[0]?.host),
      ['b'],
    )
  })

  it('is read as it was written', () => {
    fc.assert(
      fc.property(memberships, (membership) => {
        const path = dynamicFilePath('/c/zoo.cfg', membership.version)
        assert.equal(parse(formatDynamicFile(membership), path).text, membership.text)
        const next = {
          path: '/c/next',
          text: formatNextFile(membership),
          isMultiAddressEnabled: true,
        }
        assert.equal(parseNextFile(next).text, membership.text)
      }),
    )
  })

  it('of any content is a membership or a ConfigError', () => {
    const line = fc
      .tuple(
        fc.constantFrom('server.', 'group.', 'weight.', 'version', ''),
        fc.string({ unit: fc.constantFrom(...'19:;|[]=\\u\nhp-. '.split('')) }),
      )
      .map(([key, rest]) => key + rest)
    fc.assert(
      fc.property(fc.array(line, { maxLength: 5 }), (lines) => {
        try {
          parse(lines.join('\n'))
        } catch (error) {
          assert.ok(error instanceof ConfigError, String(error))
        }
      }),
      { numRuns: 1_000 },
    )
  })
})
