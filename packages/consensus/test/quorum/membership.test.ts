/** Memberships and their text: to the byte as Apache prints it, and what is refused. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { HierarchicalQuorums } from '../../src/quorum/hierarchical-quorums.ts'
import {
  type HostPort,
  type Member,
  membershipOf,
  withVersion,
} from '../../src/quorum/membership.ts'
import type { MembershipErrorCode } from '../../src/quorum/membership-error.ts'
import { parseMembership, type ParseMembershipOptions } from '../../src/quorum/parse-membership.ts'
import { memberOf } from './member.ts'

/** As Apache's servers sent them in NEWLEADER packets, notifications and reconfig transactions. */
const captured = [
  'server.1=127.0.0.1:22121:22131:participant\nserver.2=127.0.0.1:22122:22132:participant\nserver.3=127.0.0.1:22123:22133:participant\nversion=0',
  'server.1=127.0.0.1:22121:22131:participant\nserver.2=127.0.0.1:22122:22132:participant\nserver.3=127.0.0.1:22123:22133:participant\nversion=200000000',
  'server.1=127.0.0.1:22121:22131:participant\nserver.2=127.0.0.1:22122:22132:participant\nserver.3=127.0.0.1:22123:22133:participant\nserver.4=127.0.0.1:22124:22134:observer;127.0.0.1:22114\nversion=200000003',
  'server.2=127.0.0.1:22122:22132:participant\nserver.3=127.0.0.1:22123:22133:participant\nserver.4=127.0.0.1:22124:22134:observer;127.0.0.1:22114\nversion=200000006',
]

/** One line of server 1, parsed and printed. */
function printed(line: string): string {
  const { text } = parseMembership(`server.1=${line}`)
  return text.slice('server.1='.length, -'\nversion=0'.length)
}

function assertRefused(
  code: MembershipErrorCode,
  text: string,
  options?: ParseMembershipOptions,
): void {
  assert.throws(() => parseMembership(text, options), { name: 'MembershipError', code }, text)
}

test('captured texts are printed as they came', () => {
  for (const text of captured) assert.equal(parseMembership(text).text, text)
})

test('a captured text tells its members, roles and version', () => {
  const { version, memberById, quorums } = parseMembership(captured[2])
  assert.equal(version, 0x2_0000_0003)
  assert.deepEqual(quorums.voterIds, [1, 2, 3])
  assert.deepEqual(memberById.get(4), {
    id: 4,
    quorumAddresses: [{ host: '127.0.0.1', port: 22_124 }],
    electionAddresses: [{ host: '127.0.0.1', port: 22_134 }],
    isVoter: false,
    clientAddress: { host: '127.0.0.1', port: 22_114 },
    secureClientAddress: undefined,
  })
})

test('parts that may be left out are printed', () => {
  assert.equal(printed('a:1:2'), 'a:1:2:participant')
  assert.equal(printed('a:1:2;2181'), 'a:1:2:participant;0.0.0.0:2181')
  assert.equal(printed('a:1:2:PARTICIPANT;b:2181;2281'), 'a:1:2:participant;b:2181;0.0.0.0:2281')
  assert.equal(printed('a:1:2;;c:2281'), 'a:1:2:participant;;c:2281')
})

test('several addresses are printed in the order of their hosts, with one role', () => {
  assert.equal(printed('b:3:4:participant|a:1:2:participant'), 'a:1:2|b:3:4:participant')
  assert.equal(printed('b:3:4|a:1:2|b:3:4'), 'a:1:2|b:3:4:participant')
})

test('IPv6 literals are printed in brackets and in full', () => {
  assert.equal(
    printed('[2001:db8::1]:1:2:participant;[::]:2181'),
    '[2001:db8:0:0:0:0:0:1]:1:2:participant;[0:0:0:0:0:0:0:0]:2181',
  )
  assert.equal(printed('[::FFFF:10.0.0.1]:1:2'), '10.0.0.1:1:2:participant')
  assert.equal(printed('[FE80::0a%eth0]:1:2'), '[fe80:0:0:0:0:0:0:a%eth0]:1:2:participant')
})

test('servers are printed in the order of a Java HashMap', () => {
  const members = [10, 20, 30, 1].map((id) => memberOf(id))
  const ids = membershipOf({ members, version: 0 }).text.match(/^server\.\d+/gm)
  assert.deepEqual(ids, ['server.1', 'server.20', 'server.10', 'server.30'])
})

test('groups and weights are printed, and weights of 1 too', () => {
  const text = [
    'server.1=a:1:2:participant',
    'server.2=b:1:2:participant',
    'server.3=c:1:2:participant',
    'server.4=d:1:2:observer',
    'group.1=1:2',
    'group.2=3',
    'weight.1=1',
    'weight.2=0',
    'weight.3=1',
    'version=10000000a',
  ]
  const given = [...text.slice(0, 6), 'weight.2=0', 'version=10000000A'].toReversed().join('\n')
  const membership = parseMembership(given)
  assert.equal(membership.text, text.join('\n'))
  assert.ok(membership.quorums instanceof HierarchicalQuorums)
  assert.equal(membership.quorums.weightOf(2), 0)
})

test('a text is read as properties are', () => {
  const text = '# ours\n\n  server.1 = a:1:2\r\n!x\nserver.2:b\\:1\\:2:observer\nversion 5'
  assert.equal(
    parseMembership(text).text,
    'server.1=a:1:2:participant\nserver.2=b:1:2:observer\nversion=5',
  )
})

const host = fc.oneof(
  fc.stringMatching(/^[a-z][a-z0-9.-]{0,10}$/),
  fc.ipV4(),
  fc.ipV6(),
  fc.constantFrom('::', '::1', 'fe80::1%eth0'),
)
const port = fc.integer({ min: 0, max: 65_535 })
const hostPort: fc.Arbitrary<HostPort> = fc.record({ host, port }, { noNullPrototype: true })
const member: fc.Arbitrary<Member> = fc
  .record({
    id: fc.oneof(fc.nat(40), fc.nat(), fc.maxSafeNat()),
    addresses: fc.uniqueArray(
      fc.tuple(host, fc.nat(32_767), fc.integer({ min: 32_768, max: 65_535 })),
      {
        minLength: 1,
        maxLength: 3,
        selector: ([name]) => name,
      },
    ),
    isVoter: fc.boolean(),
    clientAddress: fc.option(hostPort, { nil: undefined }),
    secureClientAddress: fc.option(hostPort, { nil: undefined }),
  })
  .map(({ addresses, ...rest }) => ({
    ...rest,
    quorumAddresses: addresses.map(([name, quorumPort]) => ({ host: name, port: quorumPort })),
    electionAddresses: addresses.map(([name, , electionPort]) => ({
      host: name,
      port: electionPort,
    })),
  }))

test('what is printed is read as what it was', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(member, { minLength: 1, maxLength: 14, selector: ({ id }) => id }),
      fc.array(fc.nat(3), { minLength: 14, maxLength: 14 }),
      fc.array(fc.option(fc.nat(9)), { minLength: 14, maxLength: 14 }),
      fc.boolean(),
      fc.maxSafeNat(),
      (given, groupOf, weightOf, isHierarchical, version) => {
        const members = given.map((each, i) => (i === 0 ? { ...each, isVoter: true } : each))
        const groups = new Map<number, number[]>()
        const weights = new Map<number, number>()
        members.forEach(({ id }, i) => {
          groups.set(groupOf[i], [...(groups.get(groupOf[i]) ?? []), id])
          if (typeof weightOf[i] === 'number') weights.set(id, weightOf[i])
        })
        const made = membershipOf(
          isHierarchical ? { members, version, groups, weights } : { members, version },
        )
        const read = parseMembership(made.text)
        assert.equal(read.text, made.text)
        assert.equal(read.version, made.version)
        assert.deepEqual([...read.memberById], [...made.memberById])
        assert.deepEqual(read.quorums.voterIds, made.quorums.voterIds)
        assert.equal(read.quorums instanceof HierarchicalQuorums, isHierarchical)
        for (let run = 0; run < 8; run++) {
          const isIn = (id: number): boolean => (id + run) % 3 !== 0
          assert.equal(read.quorums.isQuorum(isIn), made.quorums.isQuorum(isIn))
        }
      },
    ),
  )
})

test('no text makes the reader throw anything but a MembershipError', () => {
  const line = fc.oneof(
    fc.string(),
    fc.constantFrom('server.1=a:1:2', 'group.1=1', 'weight.1=2', 'version=1', 'server.2=[::1'),
    fc.stringMatching(/^server\.[0-9]=[ab:;|12[\]]{0,14}$/),
  )
  fc.assert(
    fc.property(fc.array(line, { maxLength: 5 }), (lines) => {
      try {
        parseMembership(lines.join('\n'))
      } catch (error) {
        assert.equal((error as Error).name, 'MembershipError')
      }
    }),
  )
})

test('another version changes nothing but the last line', () => {
  const changed = withVersion(parseMembership(captured[0]), 0x2_0000_0000)
  assert.equal(changed.text, captured[1])
  assert.equal(changed.version, 0x2_0000_0000)
})

test('a server line of another form is refused', () => {
  for (const line of [
    '',
    'a',
    'a:1',
    'a:1:2:participant:3',
    'a:x:2',
    'a:1:70000',
    'a:1:1',
    ':1:2',
    'a b:1:2',
    '::1:1:2',
    '[::1:1:2',
    '[::1::2]:1:2',
    '[1:2:3]:1:2',
    '[:g]:1:2',
    'a:1:2:leader',
    'a:1:2:observer|b:1:2:participant',
    'a:1:2;b:c:2181',
    'a:1:2;x',
    'a:1:2;1;2;3',
    'a:1:2|',
  ]) {
    assertRefused('MEMBERSHIP_SYNTAX', `server.1=${line}`)
  }
})

test('keys that are none of a membership are refused', () => {
  assertRefused('MEMBERSHIP_SYNTAX', 'server.1=a:1:2\ntickTime=2000')
})

test('numbers that are none are refused', () => {
  assertRefused('MEMBERSHIP_NUMBER', 'server.x=a:1:2')
  assertRefused('MEMBERSHIP_NUMBER', 'server.-1=a:1:2')
  assertRefused('MEMBERSHIP_NUMBER', 'server.99999999999999999=a:1:2')
  assertRefused('MEMBERSHIP_NUMBER', 'server.1=a:1:2\nserver.01=b:1:2\nversion=xyz')
  assertRefused('MEMBERSHIP_NUMBER', 'server.1=a:1:2\nversion=20000000000000')
  assertRefused('MEMBERSHIP_NUMBER', 'server.1=a:1:2\ngroup.1=')
  assertRefused('MEMBERSHIP_NUMBER', 'server.1=a:1:2\ngroup.1=1\nweight.1=-2')
})

test('a voter outside of all groups is refused', () => {
  assertRefused('MEMBERSHIP_GROUPS', 'server.1=a:1:2\nserver.2=b:1:2\ngroup.1=1')
  assertRefused('MEMBERSHIP_GROUPS', 'server.1=a:1:2\nweight.1=2')
})

test('a membership without voters is refused', () => {
  assertRefused('MEMBERSHIP_VOTERS', '')
  assertRefused('MEMBERSHIP_VOTERS', 'server.1=a:1:2:observer')
})

test('observers of one voter are refused while one voter is a standalone server', () => {
  const text = 'server.1=a:1:2\nserver.2=b:1:2:observer'
  assertRefused('MEMBERSHIP_VOTERS', text, { standaloneEnabled: true })
  assert.equal(parseMembership(text).memberById.size, 2)
})

test('several addresses are refused where they are switched off', () => {
  assertRefused('MEMBERSHIP_SYNTAX', 'server.1=a:1:2|b:1:2', { multiAddressEnabled: false })
})

test('two members of one id are refused', () => {
  assert.throws(() => membershipOf({ members: [memberOf(1), memberOf(1)], version: 0 }), {
    code: 'MEMBERSHIP_NUMBER',
  })
})

test('a member has a pair of addresses at least', () => {
  for (const changes of [{ quorumAddresses: [] }, { electionAddresses: [] }]) {
    assert.throws(() => membershipOf({ members: [memberOf(1, changes)], version: 0 }), {
      code: 'MEMBERSHIP_SYNTAX',
    })
  }
})
