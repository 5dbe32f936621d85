import assert from 'node:assert/strict'
import { it } from 'node:test'
import { memberAddresses } from '../src/member-addresses.ts'

it('finds where each member serves clients', () => {
  const config = [
    'server.1=one.example:2888:3888:participant;2181',
    'server.2=two.example:2888:3888:observer;0.0.0.0:2182',
    'server.3=three.example:2888:3888;clients.example:2183',
    'server.4=[2001:db8::4]:2888:3888:participant;[::]:2184',
    'server.5=five.example:2888:3888|other.example:2888:3888:participant;[2001:db8::5]:2185',
    'version=100000003',
  ]
  assert.deepEqual(memberAddresses(config.join('\n')), [
    { host: 'one.example', port: 2181 },
    { host: 'two.example', port: 2182 },
    { host: 'clients.example', port: 2183 },
    { host: '2001:db8::4', port: 2184 },
    { host: '2001:db8::5', port: 2185 },
  ])
})

it('leaves members out whose client port is not known', () => {
  assert.deepEqual(memberAddresses('server.1=one:2888:3888:participant\nversion=0'), [])
  assert.deepEqual(memberAddresses(''), [])
})
