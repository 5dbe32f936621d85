import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorCode } from '@quorate/protocol'
import type { Operation } from '../../src/client/operation.ts'
import { Prng } from '../../src/prng.ts'
import { Barriers } from '../../src/workload/barriers.ts'
import { createWorkload, workloadNames } from '../../src/workload/mixed-workload.ts'
import { Quotas } from '../../src/workload/quotas.ts'
import { Reconfigurations } from '../../src/workload/reconfigurations.ts'
import { Registers } from '../../src/workload/registers.ts'
import type { Workload } from '../../src/workload/workload.ts'

const random = (): Prng => new Prng('workloads')

const server = (serverId: number): Parameters<typeof line>[0] => ({
  serverId,
  addresses: `server.${serverId}=server${serverId}:2888:3888`,
  clientAddress: `server${serverId}:2181`,
  isClientServer: serverId <= 3,
})

function line(
  {
    addresses,
    clientAddress,
  }: { serverId: number; addresses: string; clientAddress: string; isClientServer: boolean },
  role = 'participant',
): string {
  return `${addresses}:${role};${clientAddress}`
}

const settings = { servers: [1, 2, 3, 4].map(server), votersMin: 3 }

/** What the workload asks for; everything succeeds. */
function asked(workload: Workload, count: number): Operation[] {
  const operations: Operation[] = []
  for (let i = 0; i < count; i++) {
    const operation = workload.next('client1')
    if (operation === undefined) continue
    operations.push(operation)
    workload.answered(operation, ErrorCode.Ok, {})
  }
  return operations
}

test('every workload can be had by its name, and asks for something', () => {
  for (const name of workloadNames) {
    const workload = createWorkload(random(), name, { reconfiguration: settings })
    assert.ok(asked(workload, 200).length > 50, name)
  }
  assert.throws(() => createWorkload(random(), 'none such'), /no workload "none such"/)
  assert.throws(() => createWorkload(random(), 'reconfiguration'), /for these servers/)
})

test('quotas: the limits are there before the first node below them', () => {
  const paths = asked(new Quotas(random()), 5).map((operation) =>
    'path' in operation ? operation.path : '',
  )
  assert.deepEqual(paths.slice(0, 4), [
    '/limited',
    '/zookeeper/quota/limited',
    '/zookeeper/quota/limited/zookeeper_limits',
    '/zookeeper/quota/limited/zookeeper_stats',
  ])
})

test('barriers: behind a sync of a client comes its read', () => {
  const registers = new Registers(random())
  asked(registers, 30)
  const operations = asked(new Barriers(random(), registers), 60)
  const at = operations.findIndex(({ type }) => type === 'sync')
  assert.equal(operations[at + 1]?.type, 'getData')
  assert.ok(operations.some((operation) => 'isLinearizable' in operation))
})

test('reconfiguration: there are never fewer voters asked for than there have to be', () => {
  const workload = new Reconfigurations(random(), settings)
  const read = { type: 'getData', path: '/zookeeper/config', watch: false } as const
  const text = [...[1, 2, 3].map((id) => line(server(id))), line(server(4), 'observer')].join('\n')
  workload.answered(read, ErrorCode.Ok, { data: `${text}\nversion=10000001f` })
  const changes = asked(workload, 400).filter((operation) => operation.type === 'reconfig')
  assert.ok(changes.length > 20)
  for (const { joining, leaving, newMembers } of changes) {
    assert.ok(leaving === undefined || leaving === '4', 'clients are told of the others')
    assert.ok(joining === undefined || !/^server\.[123]=.*observer/.test(joining))
    const voters = newMembers?.split(',').filter((member) => member.includes(':participant'))
    assert.ok(voters === undefined || voters.length >= 3)
  }
  assert.ok(changes.some(({ version }) => version === 0x1_0000_001f))
})
