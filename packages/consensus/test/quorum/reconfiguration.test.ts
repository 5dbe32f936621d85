/** What becomes of a reconfig request, by Apache's checks in Apache's order. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorCode } from '@quorate/protocol'
import type { ReconfigurationRequest } from '../../src/engine.ts'
import { type Membership, membershipOf } from '../../src/quorum/membership.ts'
import {
  planReconfiguration,
  type ReconfigurationOptions,
} from '../../src/quorum/reconfiguration.ts'
import { memberOf } from './member.ts'

const version = 0x1_0000_0000
const newVersion = 0x1_0000_0007
const current = membershipOf({ members: [memberOf(1), memberOf(2), memberOf(3)], version })
const options: ReconfigurationOptions = { standaloneEnabled: true }

interface Case extends Partial<ReconfigurationRequest> {
  readonly from?: Membership
  readonly options?: ReconfigurationOptions
}

function plan(request: Case): ReturnType<typeof planReconfiguration> {
  return planReconfiguration(
    request.from ?? current,
    {
      joining: request.joining,
      leaving: request.leaving,
      newMembers: request.newMembers,
      currentVersion: request.currentVersion ?? -1,
      newVersion,
    },
    request.options ?? options,
  )
}

function textOf(request: Case): string {
  const planned = plan(request)
  assert.ok('membership' in planned, 'error' in planned ? planned.reason : '')
  assert.equal(planned.membership.version, newVersion)
  return planned.membership.text
}

function errorOf(request: Case): ErrorCode {
  const planned = plan(request)
  assert.ok('error' in planned)
  return planned.error
}

const zk = (id: number, role = 'participant'): string =>
  `server.${id}=zk${id}:2888:3888:${role};0.0.0.0:2181`

test('servers join', () => {
  assert.equal(
    textOf({ joining: 'server.5=zk5:2888:3888:observer;2181, server.4=zk4:2888:3888;2181,' }),
    `${zk(1)}\n${zk(2)}\n${zk(3)}\n${zk(4)}\n${zk(5, 'observer')}\nversion=100000007`,
  )
})

test('servers leave, and who is unknown has left already', () => {
  assert.equal(textOf({ leaving: '3, 77' }), `${zk(1)}\n${zk(2)}\nversion=100000007`)
})

test('a server that joins again is replaced', () => {
  assert.equal(
    textOf({
      leaving: '1',
      joining: 'server.3=zk3:2888:3888:observer;2181,server.4=zk4:2888:3888;2181',
    }),
    `${zk(2)}\n${zk(3, 'observer')}\n${zk(4)}\nversion=100000007`,
  )
})

test('a request that changes nothing makes a new version', () => {
  assert.equal(textOf({}), `${zk(1)}\n${zk(2)}\n${zk(3)}\nversion=100000007`)
})

test('all members are replaced, and the version in the text is not looked at', () => {
  assert.equal(
    textOf({ newMembers: `${zk(1)},${zk(5)}\nversion=3`, joining: 'nonsense' }),
    `${zk(1)}\n${zk(5)}\nversion=100000007`,
  )
})

test('all members are replaced by groups, and groups by a majority', () => {
  const grouped = plan({ newMembers: `${zk(1)}\n${zk(2)}\ngroup.1=1:2` })
  assert.ok('membership' in grouped)
  assert.match(grouped.membership.text, /group\.1=1:2\nweight\.1=1\nweight\.2=1\nversion=/)
  assert.equal(
    textOf({ from: grouped.membership, newMembers: `${zk(1)}\n${zk(2)}` }),
    `${zk(1)}\n${zk(2)}\nversion=100000007`,
  )
})

test('servers cannot join or leave groups one by one', () => {
  const groups = new Map([[1, [1, 2, 3]]])
  const from = membershipOf({ members: current.memberById.values(), version, groups })
  assert.equal(errorOf({ from, leaving: '3' }), ErrorCode.BadArguments)
})

test('a request for another version is refused before anything else', () => {
  assert.equal(errorOf({ currentVersion: 5, newMembers: 'nonsense' }), ErrorCode.BadVersion)
  assert.match(textOf({ currentVersion: version, leaving: '3' }), /^server\.1/)
})

test('who joins has the form of a server with an address for clients', () => {
  for (const joining of [
    'zk4:2888:3888;2181',
    'server.4=zk4:2888;2181',
    'server.4=zk4:2888:3888',
    'server.4=a=b',
    'server.4=zk4:2888:2888;2181',
  ]) {
    assert.equal(errorOf({ joining }), ErrorCode.BadArguments, joining)
  }
  assert.match(
    textOf({ joining: 'server.4=zk4:2888:3888;;2281' }),
    /server\.4=\S+;;0\.0\.0\.0:2281/,
  )
})

test('ids that are no numbers are malformed requests', () => {
  assert.equal(errorOf({ leaving: 'three' }), ErrorCode.MarshallingError)
  assert.equal(errorOf({ joining: 'server.x=zk4:2888:3888;2181' }), ErrorCode.MarshallingError)
  assert.equal(errorOf({ newMembers: `server.x=a:1:2\n${zk(1)}` }), ErrorCode.MarshallingError)
})

test('an address that another server has is refused', () => {
  for (const line of ['zk2:2888:4888;2181', 'zk4:2888:3888;ZK2:3888', 'zk4:4888:5888;;zk2:2888']) {
    assert.equal(errorOf({ joining: `server.4=${line}` }), ErrorCode.BadArguments, line)
  }
  assert.match(textOf({ leaving: '2', joining: 'server.4=zk2:2888:3888;2181' }), /server\.4=zk2/)
})

test('addresses of joining servers may not clash with each other', () => {
  const joining = 'server.4=zk4:1:2;2181,server.5=zk4:2:3;2181'
  assert.equal(errorOf({ joining }), ErrorCode.BadArguments)
})

test('loopback and wildcard addresses clash with nobody', () => {
  const local = [1, 2, 3].map((id) =>
    memberOf(id, {
      quorumAddresses: [{ host: '127.0.0.1', port: 10 * id }],
      electionAddresses: [{ host: '127.0.0.1', port: 10 * id + 1 }],
    }),
  )
  const from = membershipOf({ members: local, version })
  assert.match(textOf({ from, joining: 'server.4=127.0.0.1:10:11;2181' }), /server\.4=127/)
  assert.match(textOf({ from, joining: 'server.4=[::1]:10:11;2181' }), /server\.4=\[0:0/)
})

test('two voters are the least while one is a standalone server', () => {
  assert.equal(errorOf({ leaving: '2,3' }), ErrorCode.BadArguments)
  assert.equal(errorOf({ newMembers: zk(1) }), ErrorCode.BadArguments)
  assert.equal(errorOf({ newMembers: '' }), ErrorCode.BadArguments)
})

test('one voter is the least otherwise', () => {
  const alone = { standaloneEnabled: false }
  assert.equal(textOf({ leaving: '2,3', options: alone }), `${zk(1)}\nversion=100000007`)
  assert.equal(errorOf({ leaving: '1,2,3', options: alone }), ErrorCode.BadArguments)
})

test('observers without an ensemble are a malformed request, as to Apache', () => {
  const newMembers = `${zk(1)}\n${zk(2, 'observer')}`
  assert.equal(errorOf({ newMembers }), ErrorCode.MarshallingError)
  assert.equal(errorOf({ newMembers: zk(2, 'observer') }), ErrorCode.MarshallingError)
  const alone = { standaloneEnabled: false }
  assert.equal(
    errorOf({ newMembers: zk(2, 'observer'), options: alone }),
    ErrorCode.MarshallingError,
  )
  assert.match(textOf({ newMembers, options: alone }), /server\.2=\S+observer/)
})

test('a text that is no membership is refused', () => {
  for (const newMembers of [
    'nonsense',
    `${zk(1)},${zk(2)},tickTime=3`,
    `${zk(1)},${zk(2)},group.1=1`,
  ]) {
    assert.equal(errorOf({ newMembers }), ErrorCode.BadArguments, newMembers)
  }
})
