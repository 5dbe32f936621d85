import { type Codec, int, nullableVector, record, string } from './codec.ts'

/** Permission bits. */
export const Perms = { read: 1, write: 2, create: 4, delete: 8, admin: 16, all: 31 } as const

export interface Id {
  readonly scheme: string
  readonly id: string
}

export interface Acl {
  /** Bits of {@link Perms}; others are stored as they come. */
  readonly perms: number
  readonly id: Id
}

export const idRecord: Codec<Id> = record({ scheme: string, id: string })
export const acl: Codec<Acl> = record({ perms: int, id: idRecord })
/** Null and empty lists are both seen on the wire; a server refuses either with InvalidACL. */
export const aclList: Codec<readonly Acl[] | null> = nullableVector(acl)

/** Everybody may do everything. */
export const openAcl: readonly Acl[] = [{ perms: Perms.all, id: { scheme: 'world', id: 'anyone' } }]
/** Everybody may read. */
export const readAcl: readonly Acl[] = [
  { perms: Perms.read, id: { scheme: 'world', id: 'anyone' } },
]
/** Whoever creates the node, by the identities of its connection. */
export const creatorAcl: readonly Acl[] = [{ perms: Perms.all, id: { scheme: 'auth', id: '' } }]
