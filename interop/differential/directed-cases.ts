/**
 * One request for every pair of op and error that can be reached, so that each is seen in every run whatever the
 * seed. The pairs named here are the ones that a run must have seen.
 */
import { digestId, OpCode } from '@quorate/protocol'
import type { Configuration } from './configurations.ts'
import type { Cell } from './coverage.ts'
import { type AclEntries, type Body, type Request, typeName } from './request.ts'
import { persistentWatchSlot, type Step } from './step.ts'

interface DirectedCase {
  readonly cell: Cell
  readonly request: Request
  readonly slot: number
}

type CreateType = 1 | 15 | 19 | 21

const openAcl: AclEntries = [{ perms: 31, scheme: 'world', id: 'anyone' }]
const aliceAcl: AclEntries = [{ perms: 31, scheme: 'digest', id: digestId('alice:a') }]
const strangerSlot = 0
const aliceSlot = 1

export function directedSteps(configuration: Configuration): readonly Step[] {
  return [...groundwork, ...directedCases(configuration).map(stepOf)]
}

/** What the directed cases of these configurations reach. */
export function reachableCells(configurations: readonly Configuration[]): readonly Cell[] {
  return configurations.flatMap((one) => directedCases(one).map(({ cell }) => cell))
}

function stepOf({ slot, request }: Pick<DirectedCase, 'slot' | 'request'>): Step {
  return { kind: 'requests', slot, requests: [request] }
}

/** A node that only alice may use, an ephemeral one, and one with a child. */
const groundwork: readonly Step[] = [
  { slot: aliceSlot, request: { body: { type: OpCode.auth, scheme: 'digest', auth: 'alice:a' } } },
  { slot: aliceSlot, request: { body: create(1, '~/locked', aliceAcl) } },
  { slot: aliceSlot, request: { body: create(1, '~/locked/child', aliceAcl) } },
  { slot: aliceSlot, request: { body: { ...create(1, '~/ephemeral'), flags: 1 } } },
  { slot: aliceSlot, request: { body: create(1, '~/full') } },
  { slot: aliceSlot, request: { body: create(1, '~/full/child') } },
].map(stepOf)

function directedCases(configuration: Configuration): readonly DirectedCase[] {
  const writes = [...createCases(configuration), ...changeCases(configuration)]
  return [
    ...writes.map((one) => caseOf(one.error, one.body)),
    ...[...writes, ...checkCases].map(inMulti),
    ...cutCases,
    ...readCases,
    ...watchCases,
    ...sessionCases(configuration),
  ]
}

interface WriteCase {
  readonly error: string
  readonly body: Body
}

function createCases(configuration: Configuration): readonly WriteCase[] {
  return ([1, 15, 19, 21] as const).flatMap((type) => {
    if (type === OpCode.createTTL && !hasTtls(configuration))
      return [{ error: 'Unimplemented', body: create(type, '~/ttl') }]
    const quota = { error: 'QuotaExceeded', body: { ...create(type, '~/q/big'), data: over } }
    return [
      { error: 'Ok', body: create(type, `~/new-${type}`) },
      { error: 'NodeExists', body: create(type, '~') },
      { error: 'NoNode', body: create(type, '~/nowhere/x') },
      { error: 'BadArguments', body: create(type, '~//x') },
      { error: 'InvalidACL', body: create(type, '~/x', []) },
      { error: 'NoAuth', body: create(type, '~/locked/x') },
      { error: 'NoChildrenForEphemerals', body: create(type, '~/ephemeral/x') },
      ...(configuration.hasQuotas ? [quota] : []),
    ]
  })
}

function remove(path: string, version = -1): Body {
  return { type: OpCode.delete, path, version }
}

/** More bytes than the quota node allows. */
const over = { length: 100 }

function hasTtls({ server }: Configuration): boolean {
  return server.properties?.['zookeeper.extendedTypesEnabled'] === 'true'
}

function changeCases(configuration: Configuration): readonly WriteCase[] {
  const set = (path: string, version = -1): Body => ({
    type: OpCode.setData,
    path,
    data: configuration.hasQuotas && path === '~/q' ? over : 'x',
    version,
  })
  return [
    { error: 'BadArguments', body: remove('/') },
    { error: 'NoNode', body: remove('~/nowhere') },
    { error: 'NoAuth', body: remove('~/locked/child') },
    { error: 'BadVersion', body: remove('~/full', 9) },
    { error: 'NotEmpty', body: remove('~/full') },
    { error: 'Ok', body: remove('~/new-1') },
    { error: 'BadArguments', body: set('') },
    { error: 'NoNode', body: set('~/nowhere') },
    { error: 'NoAuth', body: set('~/locked') },
    { error: 'BadVersion', body: set('~', 9) },
    { error: 'Ok', body: set('~') },
    ...(configuration.hasQuotas ? [{ error: 'QuotaExceeded', body: set('~/q') }] : []),
  ]
}

const checkCases: readonly WriteCase[] = [
  { error: 'Ok', body: { type: OpCode.check, path: '~', version: -1 } },
  { error: 'BadArguments', body: { type: OpCode.check, path: '', version: -1 } },
  { error: 'NoNode', body: { type: OpCode.check, path: '~/nowhere', version: -1 } },
  { error: 'NoAuth', body: { type: OpCode.check, path: '~/locked', version: -1 } },
  { error: 'BadVersion', body: { type: OpCode.check, path: '~', version: 9 } },
]

function inMulti({ error, body }: WriteCase): DirectedCase {
  // What succeeds alone has happened by now: the same create again, and the same delete, need another path.
  const fresh = 'path' in body && error === 'Ok' ? { ...body, path: freshPath(body) } : body
  return {
    cell: `multi.${typeName(body.type)} ${error}`,
    slot: strangerSlot,
    request: { body: { type: OpCode.multi, ops: [fresh] } },
  }
}

function freshPath(body: Extract<Body, { readonly path: unknown }>): string {
  if (body.type === OpCode.delete) return '~/new-15'
  return 'acl' in body ? `~/again-${body.type}` : '~'
}

/** Bodies that end too soon. */
const cutCases: readonly DirectedCase[] = (
  [
    create(1, '~/x'),
    create(15, '~/x'),
    create(19, '~/x'),
    create(21, '~/x'),
    { type: OpCode.delete, path: '~/x', version: -1 },
    { type: OpCode.setData, path: '~', data: 'x', version: -1 },
    { type: OpCode.setACL, path: '~', acl: openAcl, version: -1 },
    { type: OpCode.exists, path: '~', watch: false },
    { type: OpCode.getData, path: '~', watch: false },
    { type: OpCode.getChildren, path: '~', watch: false },
    { type: OpCode.getChildren2, path: '~', watch: false },
    { type: OpCode.getACL, path: '~' },
    { type: OpCode.sync, path: '~' },
    { type: OpCode.getAllChildrenNumber, path: '~' },
    { type: OpCode.getEphemerals, path: '~' },
    { type: OpCode.checkWatches, path: '~', mode: 1 },
    { type: OpCode.removeWatches, path: '~', mode: 1 },
    { type: OpCode.addWatch, path: '~/a', mode: 1 },
    { type: OpCode.setWatches, behind: 0, lists: [[], [], []] },
    { type: OpCode.setWatches2, behind: 0, lists: [[], [], [], [], []] },
    { type: OpCode.multi, ops: [] },
    { type: OpCode.multiRead, ops: [] },
  ] satisfies readonly Body[]
).map((body) => ({
  cell: `${typeName(body.type)} MarshallingError`,
  slot: strangerSlot,
  request: { body, cut: 1 },
}))

const readCases: readonly DirectedCase[] = [
  ...([OpCode.getData, OpCode.getChildren, OpCode.getChildren2] as const).flatMap((type) => [
    caseOf('Ok', { type, path: '~', watch: true }),
    caseOf('NoNode', { type, path: '~/nowhere', watch: true }),
    caseOf('NoAuth', { type, path: '~/locked', watch: true }),
  ]),
  ...([OpCode.getACL, OpCode.getAllChildrenNumber] as const).flatMap((type) => [
    caseOf('Ok', { type, path: '~' }),
    caseOf('NoNode', { type, path: '~/nowhere' }),
    caseOf('NoAuth', { type, path: '~/locked' }),
  ]),
  caseOf('Ok', { type: OpCode.exists, path: '~', watch: true }),
  caseOf('NoNode', { type: OpCode.exists, path: '~/nowhere', watch: true }),
  caseOf('BadArguments', { type: OpCode.exists, path: '~/\u0000', watch: false }),
  caseOf('Ok', { type: OpCode.sync, path: '~' }),
  caseOf('Ok', { type: OpCode.getEphemerals, path: null }),
  caseOf('Ok', {
    type: OpCode.multiRead,
    ops: [{ type: OpCode.getData, path: '~', watch: false }],
  }),
  caseOf('Ok', { type: OpCode.setACL, path: '~/full', acl: openAcl, version: -1 }),
  caseOf('BadArguments', { type: OpCode.setACL, path: '', acl: openAcl, version: -1 }),
  caseOf('InvalidACL', { type: OpCode.setACL, path: '~', acl: [], version: -1 }),
  caseOf('NoNode', { type: OpCode.setACL, path: '~/nowhere', acl: openAcl, version: -1 }),
  caseOf('NoAuth', { type: OpCode.setACL, path: '~/locked', acl: openAcl, version: -1 }),
  caseOf('BadVersion', { type: OpCode.setACL, path: '~', acl: openAcl, version: 9 }),
]

const watchCases: readonly DirectedCase[] = [
  caseOf('Ok', { type: OpCode.checkWatches, path: '~', mode: 2 }),
  caseOf('NoWatcher', { type: OpCode.checkWatches, path: '~/t', mode: 2 }),
  caseOf('Ok', { type: OpCode.removeWatches, path: '~', mode: 2 }),
  caseOf('NoWatcher', { type: OpCode.removeWatches, path: '~/t', mode: 3 }),
  caseOf('Ok', { type: OpCode.setWatches, behind: 5, lists: [['~'], ['~'], ['~']] }),
  caseOf('Ok', { type: OpCode.setWatches2, behind: 5, lists: [['~'], ['~'], ['~'], [], []] }),
  { ...caseOf('Ok', { type: OpCode.addWatch, path: '~/e', mode: 0 }), slot: persistentWatchSlot },
  { ...caseOf('Ok', { type: OpCode.addWatch, path: '~/a', mode: 1 }), slot: persistentWatchSlot },
]

function sessionCases(configuration: Configuration): readonly DirectedCase[] {
  const reconfig: Body = {
    type: OpCode.reconfig,
    joining: null,
    leaving: '1',
    members: null,
    config: -1,
  }
  return [
    caseOf(configuration.hasSuperUser ? 'Unimplemented' : 'ReconfigDisabled', reconfig),
    caseOf('Ok', { type: OpCode.whoAmI }),
    caseOf('Ok', { type: OpCode.ping }),
    caseOf('Ok', { type: OpCode.auth, scheme: 'ip', auth: '' }),
    caseOf('AuthFailed', { type: OpCode.auth, scheme: 'nobody', auth: '' }),
    caseOf('Ok', { type: OpCode.sasl, token: '' }),
    ...[0, -1, -2, -12, 10, 23, 99, 108, 999].map((type) =>
      caseOf('Unimplemented', { type, raw: '' }),
    ),
    caseOf('Ok', { type: OpCode.closeSession }),
  ]
}

function caseOf(error: string, body: Body): DirectedCase {
  return { cell: `${typeName(body.type)} ${error}`, slot: strangerSlot, request: { body } }
}

function create(
  type: CreateType,
  path: string,
  acl: AclEntries = openAcl,
): Extract<Body, { readonly acl: AclEntries; readonly flags: number }> {
  const fields = { path, data: 'x', acl, flags: 0 }
  switch (type) {
    case 1:
    case 15:
      return { type, ...fields }
    case 19:
      return { type, ...fields, flags: 4 }
    default:
      return { type, ...fields, flags: 5, ttl: 1_000_000_000 }
  }
}
