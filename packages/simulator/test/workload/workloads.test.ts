import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorCode } from '@quorate/protocol'
import type { Operation } from '../../src/client/operation.ts'
import { electorateOf } from '../../src/history/electorate.ts'
import { Prng } from '../../src/prng.ts'
import { Barriers } from '../../src/workload/barriers.ts'
import { createWorkload, workloadNames } from '../../src/workload/mixed-workload.ts'
import { Quotas } from '../../src/workload/quotas.ts'
import { Readers } from '../../src/workload/readers.ts'
import { Reconfigurations } from '../../src/workload/reconfigurations.ts'
import { Registers } from '../../src/workload/registers.ts'
import type { Workload } from '../../src/workload/workload.ts'

const random = (): Prng => new Prng('workloads')

const server = (serverId: number): Parameters<typeof line>[0] => ({
  serverId,
  addresses: `server.${serverId}=server${serverId}:2888:3888`,
  clientAddress: `server${serverId}:2181`,
})

function line(
  { addresses, clientAddress }: { serverId: number; addresses: string; clientAddress: string },
  role = 'participant',
): string {
  return `${addresses}:${role};${clientAddress}`
}

const settings = { servers: [1, 2, 3, 4].map(server), votersUsual: 3, mayChange: () => true }

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

function isBarrier(operation: Operation | undefined): boolean {
  return operation?.type === 'sync' || operation?.type === 'getData'
}

test('readers: in some runs some clients do little but read behind barriers', () => {
  const readerCounts = Array.from({ length: 20 }, (_, run) => {
    const registers = new Registers(random())
    asked(registers, 30)
    const workloads = { reads: new Barriers(random(), registers), others: new Quotas(random()) }
    const readers = new Readers(new Prng(`run ${run}`), workloads)
    return Array.from({ length: 12 }, (__, at) =>
      Array.from({ length: 5 }, () => readers.next(`client${at}`)),
    ).filter((operations) => operations.filter(isBarrier).length > 2).length
  })
  assert.ok(readerCounts.includes(0))
  assert.ok(readerCounts.some((count) => count > 4 && count < 12))
})

/** What is asked for when this is the membership. */
function changesOf(lines: readonly string[]): Extract<Operation, { type: 'reconfig' }>[] {
  const workload = new Reconfigurations(random(), settings)
  const read = { type: 'getData', path: '/zookeeper/config', watch: false } as const
  workload.answered(read, ErrorCode.Ok, { data: [...lines, 'version=10000001f'].join('\n') })
  return asked(workload, 600).filter((operation) => operation.type === 'reconfig')
}

test('reconfiguration: servers join, leave and change in both forms, and one voter is left at least', () => {
  const members = [...[1, 2, 3].map((id) => line(server(id))), line(server(4), 'observer')]
  const changes = changesOf(members)
  assert.ok(changes.some(({ joining }) => joining?.includes('server4:2888:3888:participant')))
  assert.ok(changes.some(({ joining }) => joining?.includes('server1:2888:3888:observer')))
  assert.ok(changes.some(({ leaving }) => leaving === '1'))
  assert.ok(changes.some(({ newMembers }) => newMembers?.includes('server.1=') === false))
  assert.ok(changes.some(({ version }) => version === 0x1_0000_001f))
  for (const { newMembers } of changes)
    assert.ok(newMembers === undefined || newMembers.includes(':participant'))
})

test('reconfiguration: groups stay groups, with every voter in one and some weight in each', () => {
  const members = [1, 2, 3].map((id) => line(server(id)))
  const changes = changesOf([...members, 'group.1=1:2:3'])
  const grouped = changes.filter(({ newMembers }) => newMembers?.includes(',group.1='))
  assert.ok(grouped.length > changes.length / 2)
  for (const { newMembers = '' } of grouped) {
    const { voters, groups = [] } = electorateOf(newMembers)
    assert.deepEqual(groups.flatMap((weights) => [...weights.keys()]).toSorted(), voters)
    for (const weights of groups) assert.ok([...weights.values()].some((weight) => weight > 0))
  }
})
