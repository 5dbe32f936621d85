import assert from 'node:assert/strict'
import { it } from 'node:test'
import { parseEnsembleConfig } from '../src/ensemble-config.ts'

it('tells the servers, their roles and where they are', () => {
  const text = [
    'server.1=zk1:2888:3888:participant;0.0.0.0:2181',
    'server.2=zk2:2888:3888|10.0.0.2:2889:3889:observer;client2:2182',
    'server.3=[fe80::1]:2888:3888:participant;[::]:2183',
    'server.4=zk4:2888:3888:participant;2184',
    'server.5=zk5:2888:3888',
    'group.1=1:2',
    'version=100000003',
  ].join('\n')
  const { version, servers } = parseEnsembleConfig(text)
  assert.equal(version, 0x1_0000_0003)
  const peers = { quorumPort: 2888, electionPort: 3888 }
  assert.deepEqual(servers, [
    {
      id: 1,
      role: 'participant',
      addresses: [{ host: 'zk1', ...peers }],
      clientAddress: { host: 'zk1', port: 2181 },
    },
    {
      id: 2,
      role: 'observer',
      addresses: [
        { host: 'zk2', ...peers },
        { host: '10.0.0.2', quorumPort: 2889, electionPort: 3889 },
      ],
      clientAddress: { host: 'client2', port: 2182 },
    },
    {
      id: 3,
      role: 'participant',
      addresses: [{ host: 'fe80::1', ...peers }],
      clientAddress: { host: 'fe80::1', port: 2183 },
    },
    {
      id: 4,
      role: 'participant',
      addresses: [{ host: 'zk4', ...peers }],
      clientAddress: { host: 'zk4', port: 2184 },
    },
    {
      id: 5,
      role: 'participant',
      addresses: [{ host: 'zk5', ...peers }],
      clientAddress: undefined,
    },
  ])
})

it('makes nothing of what it does not understand', () => {
  const text = 'server.x=a:1:2\nserver.1=\nserver.2=[::1:2:3;2181\nnonsense\n'
  const { version, servers } = parseEnsembleConfig(text)
  assert.equal(version, 0)
  assert.deepEqual(
    servers.map(({ id, addresses, clientAddress }) => [id, addresses, clientAddress]),
    [[2, [], undefined]],
  )
})
