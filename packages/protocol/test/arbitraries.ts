/** Random values of every record, for round trips. */
import {
  type Acl,
  type MultiOp,
  type MultiResult,
  OpCode,
  type SessionId,
  type Stat,
  type Txn,
  type TxnBody,
} from '@quorate/protocol'
import * as fc from 'fast-check'

/** Objects like those that codecs make, with a prototype. */
export function object<T>(fields: {
  readonly [K in keyof T]: fc.Arbitrary<T[K]>
}): fc.Arbitrary<T> {
  return fc.record<T>(fields, { noNullPrototype: true })
}

export const text: fc.Arbitrary<string> = fc.string({ unit: 'binary', maxLength: 12 })
export const int: fc.Arbitrary<number> = fc.integer()
export const data: fc.Arbitrary<Uint8Array | null> = fc.option(fc.uint8Array({ maxLength: 12 }))
export const long: fc.Arbitrary<number> = fc.oneof(
  fc.maxSafeInteger(),
  fc.constantFrom(-1, 0, 2 ** 53 - 1, -(2 ** 53), 0x1_0000_0000),
)
export const bits: fc.Arbitrary<bigint> = fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n })
export const session = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }) as fc.Arbitrary<SessionId>
export const texts: fc.Arbitrary<string[]> = fc.array(text, { maxLength: 4 })
export const acls: fc.Arbitrary<Acl[] | null> = fc.option(
  fc.array(object({ perms: int, id: object({ scheme: text, id: text }) }), { maxLength: 3 }),
)
export const stat: fc.Arbitrary<Stat> = object({
  czxid: long,
  mzxid: long,
  ctime: long,
  mtime: long,
  version: int,
  cversion: int,
  aversion: int,
  ephemeralOwner: bits,
  dataLength: int,
  numChildren: int,
  pzxid: long,
})

const createFields = { path: text, data, acl: acls, flags: int }

function typed<T extends number, F extends object>(
  types: readonly T[],
  fields: { readonly [K in keyof F]: fc.Arbitrary<F[K]> },
): fc.Arbitrary<F & { readonly type: T }> {
  return object({ ...fields, type: fc.constantFrom(...types) }) as unknown as fc.Arbitrary<
    F & { readonly type: T }
  >
}

export const multiOp: fc.Arbitrary<MultiOp> = fc.oneof(
  typed([1, 15, 19] as const, createFields),
  typed([21] as const, { ...createFields, ttl: long }),
  typed([2, 13] as const, { path: text, version: int }),
  typed([5] as const, { path: text, data, version: int }),
  typed([4, 8] as const, { path: text, watch: fc.boolean() }),
)

export const multiResult: fc.Arbitrary<MultiResult> = fc.oneof(
  typed([1] as const, { path: text }),
  typed([15] as const, { path: text, stat }),
  typed([2, 13] as const, {}),
  typed([5] as const, { stat }),
  typed([4] as const, { data, stat }),
  typed([8] as const, { children: texts }),
  typed([-1] as const, { err: int }),
)

/** A create of before 3.4 and a closeSession of before 3.6 are told apart by the end of the bytes: they carry no digest. */
const oldBody: fc.Arbitrary<TxnBody> = fc.oneof(
  typed([OpCode.create] as const, {
    path: text,
    data,
    acl: acls,
    ephemeral: fc.boolean(),
    parentCVersion: fc.constant(undefined),
  }),
  typed([OpCode.closeSession] as const, { paths2Delete: fc.constant(undefined) }),
)

const simpleBody: fc.Arbitrary<TxnBody> = fc.oneof(
  typed([OpCode.createSession] as const, { timeOut: int }),
  typed([OpCode.closeSession] as const, { paths2Delete: texts }),
  typed([OpCode.create, OpCode.create2] as const, {
    path: text,
    data,
    acl: acls,
    ephemeral: fc.boolean(),
    parentCVersion: int,
  }),
  typed([OpCode.createContainer] as const, { path: text, data, acl: acls, parentCVersion: int }),
  typed([OpCode.createTTL] as const, {
    path: text,
    data,
    acl: acls,
    parentCVersion: int,
    ttl: long,
  }),
  typed([OpCode.delete, OpCode.deleteContainer] as const, { path: text }),
  typed([OpCode.setData, OpCode.reconfig] as const, { path: text, data, version: int }),
  typed([OpCode.setACL] as const, { path: text, acl: acls, version: int }),
  typed([OpCode.check] as const, { path: text, version: int }),
  typed([OpCode.error] as const, { err: int }),
)

export const txnBody: fc.Arbitrary<TxnBody> = fc.oneof(
  { weight: 4, arbitrary: simpleBody },
  {
    weight: 1,
    arbitrary: typed([OpCode.multi] as const, {
      txns: fc.array(fc.oneof(simpleBody, oldBody), { maxLength: 3 }),
    }),
  },
)

const header = { clientId: session, cxid: int, zxid: long, time: long }
const digest = fc.option(object({ version: int, treeDigest: bits }), { nil: undefined })

export const anyTxn: fc.Arbitrary<Txn> = fc
  .oneof(
    fc.tuple(object(header), txnBody, digest),
    fc.tuple(object(header), oldBody, fc.constant(undefined)),
  )
  .map(([fields, body, found]) => ({
    header: { ...fields, type: body.type },
    body,
    digest: found,
  }))
