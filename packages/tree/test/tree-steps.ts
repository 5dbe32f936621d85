/** Random requests of several sessions and people on few paths, for runs against a model. */
import { type Acl, OpCode, Perms } from '@quorate/protocol'
import * as fc from 'fast-check'
import type { Identity } from '../src/identity.ts'
import type { NaiveOp } from './naive-tree.ts'

const anyone = { scheme: 'world', id: 'anyone' }
const bob = { scheme: 'digest', id: 'bob:hash' }
const amy = { scheme: 'digest', id: 'amy:hash' }
/** Everybody may do everything. */
export const openList: readonly Acl[] = [{ perms: Perms.all, id: anyone }]
const acls: readonly (readonly Acl[] | null)[] = [
  openList,
  [{ perms: Perms.all, id: bob }],
  [
    { perms: Perms.read, id: anyone },
    { perms: Perms.all, id: amy },
  ],
  [
    { perms: Perms.create | Perms.delete, id: anyone },
    { perms: Perms.create | Perms.delete, id: anyone },
  ],
  [{ perms: Perms.all, id: { scheme: 'auth', id: '' } }],
  [],
  null,
  [{ perms: Perms.all, id: { scheme: 'nonsense', id: 'x' } }],
]
const ip: Identity = { scheme: 'ip', id: '127.0.0.1' }
export const people: readonly (readonly Identity[])[] = [[ip], [ip, bob], [ip, amy], [ip, bob, amy]]
export const sessions = [0x0100_0000_0000_0001n, 0xfe00_0000_0000_0002n, 3n]

const name = fc.constantFrom('a', 'b', 'c', 'ü')
const depth = fc.constantFrom(1, 1, 1, 1, 2, 2, 2, 3)
const goodPath = depth
  .chain((length) => fc.array(name, { minLength: length, maxLength: length }))
  .map((names) => `/${names.join('/')}`)
const path = fc.oneof(
  { weight: 20, arbitrary: goodPath },
  {
    weight: 2,
    arbitrary: fc.constantFrom('/zookeeper/a', '/zookeeper/quota/b', '/a/c-', '/b/', '/zookeeper'),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('', 'x', 'x/y', '/', '//', '/a/', '/a/.', '/..', '/a\0', '/a//b'),
  },
)
const acl = fc.oneof(
  { weight: 4, arbitrary: fc.constant(acls[0]) },
  { weight: 2, arbitrary: fc.constantFrom(...acls) },
)
const data = fc.oneof(
  fc.constant(null),
  fc.uint8Array({ maxLength: 10 }),
  fc.nat(400).map((length) => new Uint8Array(length).fill(length)),
)
const version = fc.oneof(
  { weight: 3, arbitrary: fc.constant(-1) },
  { weight: 1, arbitrary: fc.nat(2) },
)

/** Type, flags and ttl that go together, and some that do not. */
const kind = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.constantFrom([1, 0, 0], [15, 0, 0], [1, 1, 0], [1, 2, 0], [15, 3, 0]),
  },
  { weight: 3, arbitrary: fc.constantFrom([19, 4, 0], [21, 5, 1], [21, 6, 2 ** 40 - 1]) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      [1, 4, 0],
      [19, 0, 0],
      [1, 5, 0],
      [21, 0, -1],
      [21, 5, 0],
      [21, 6, 2 ** 40],
    ),
  },
)
const create: fc.Arbitrary<NaiveOp> = fc
  .tuple(kind, path, data, acl)
  .map(([[type, flags, ttl], at, content, list]) => ({
    type,
    path: at,
    data: content,
    acl: list,
    flags,
    ttl,
  }))
const plain: fc.Arbitrary<NaiveOp> = fc.oneof(
  { weight: 6, arbitrary: create },
  {
    weight: 3,
    arbitrary: fc.record({ type: fc.constant(OpCode.delete), path, version }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ type: fc.constant(OpCode.setData), path, data, version }),
  },
)
const single: fc.Arbitrary<NaiveOp> = fc.oneof(
  { weight: 8, arbitrary: plain },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant(OpCode.setACL), path, acl, version }),
  },
  {
    weight: 1,
    arbitrary: create.map((op) => ({ ...op, flags: 7 })),
  },
)
const inMulti: fc.Arbitrary<NaiveOp> = fc.oneof(
  { weight: 6, arbitrary: plain.filter(isReadableInMulti) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant(OpCode.check), path: goodPath, version }) },
)

/** A null ACL, or a time to live that the op code has no field for, makes the whole multi unreadable. */
function isReadableInMulti({ type, acl: list, flags = 0 }: NaiveOp): boolean {
  return list !== null && (type === OpCode.createTTL || flags < 5)
}

export type Step =
  | {
      readonly kind: 'single'
      readonly op: NaiveOp
      readonly who: number
      readonly session: number
    }
  | {
      readonly kind: 'multi'
      readonly ops: readonly NaiveOp[]
      readonly who: number
      readonly session: number
    }
  | { readonly kind: 'apply'; readonly count: number }
  | { readonly kind: 'closeSession' | 'createSession'; readonly session: number }
  | { readonly kind: 'deleteContainer'; readonly path: string }

const who = fc.nat(people.length - 1)
const session = fc.nat(sessions.length - 1)
export const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({ kind: fc.constant('single' as const), op: single, who, session }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('multi' as const),
      ops: fc.array(inMulti, { maxLength: 5 }),
      who,
      session,
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('apply' as const), count: fc.nat(6) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constantFrom('closeSession' as const, 'createSession' as const),
      session,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('deleteContainer' as const), path: goodPath }),
  },
)
