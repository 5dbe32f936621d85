import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  type Acl,
  aclList,
  encode,
  JuteError,
  JuteReader,
  JuteWriter,
  openAcl,
  Perms,
  readAcl,
} from '@quorate/protocol'
import * as fc from 'fast-check'
import { AclTable, openAclId } from '../src/acl-table.ts'

function digestAcl(user: string): readonly Acl[] {
  return [{ perms: Perms.all, id: { scheme: 'digest', id: `${user}:hash` } }]
}

/** More lists than the table keeps for nobody. */
function internMany(table: AclTable, prefix: string): readonly number[] {
  return Array.from({ length: 100 }, (_, i) => table.intern(digestAcl(`${prefix}${i}`)))
}

function encodedIn(table: AclTable, id: number): Uint8Array {
  const writer = new JuteWriter()
  table.writeVector(writer, id)
  return writer.copy()
}

describe('AclTable', () => {
  it('gives each list one id, from 1 up', () => {
    const table = new AclTable()
    assert.equal(table.intern(readAcl), 1)
    assert.equal(table.intern(digestAcl('bob')), 2)
    assert.equal(table.intern([...readAcl]), 1)
    assert.deepEqual(table.get(2), digestAcl('bob'))
    assert.equal(table.size, 2)
  })

  it('keeps −1 for the open ACL that nobody asked for', () => {
    const table = new AclTable()
    assert.deepEqual(table.get(openAclId), openAcl)
    assert.equal(table.openPerms(openAclId), Perms.all)
    table.release(openAclId)
    assert.equal(table.has(openAclId), true)
    assert.equal(table.intern(openAcl), 1)
    assert.deepEqual([...table], [[1, openAcl]])
  })

  it('finds a list by its encoding where it lies', () => {
    const table = new AclTable()
    const vector = encode(aclList, digestAcl('bob'))
    const frame = Uint8Array.of(9, 9, ...vector, 9)
    assert.equal(table.findVector(frame, 2, frame.length - 1), undefined)
    const id = table.internVector(frame, 2, frame.length - 1)
    frame.fill(0, 0, 2)
    assert.equal(table.findVector(frame, 2, frame.length - 1), id)
    frame.fill(0)
    assert.deepEqual(table.get(id), digestAcl('bob'))
    assert.equal(table.intern(digestAcl('bob')), id)
  })

  it('takes a null list for the open ACL, and no other bytes', () => {
    const table = new AclTable()
    assert.equal(table.internVector(encode(aclList, null), 0, 4), openAclId)
    assert.throws(() => table.internVector(Uint8Array.of(0, 0, 0, 1), 0, 4), JuteError)
  })

  it('writes encodings that read back as the list', () => {
    const table = new AclTable()
    const id = table.intern(digestAcl('bob'))
    assert.deepEqual(aclList.decode(new JuteReader(encodedIn(table, id))), digestAcl('bob'))
    assert.deepEqual(aclList.decode(new JuteReader(encodedIn(table, openAclId))), openAcl)
  })

  it('knows what everyone may do', () => {
    const table = new AclTable()
    const mixed = [...readAcl, ...digestAcl('bob')]
    assert.equal(table.openPerms(table.intern(mixed)), Perms.read)
    assert.equal(table.openPerms(table.intern(digestAcl('bob'))), 0)
    assert.notEqual(table.openPerms(table.intern([])) & Perms.admin, 0)
  })

  it('knows which lists a request gets as they stand', () => {
    const table = new AclTable()
    const isFinal = (acl: readonly Acl[]) => table.isFinal(table.intern(acl))
    assert.equal(isFinal([...readAcl, ...digestAcl('bob')]), true)
    assert.equal(isFinal([...readAcl, ...readAcl]), false)
    assert.equal(isFinal([{ perms: 31, id: { scheme: 'auth', id: '' } }]), false)
    assert.equal(isFinal([{ perms: 31, id: { scheme: 'super', id: '' } }]), false)
    assert.equal(isFinal([]), false)
    const withoutDigest = new AclTable(new Set(['ip']))
    assert.equal(withoutDigest.isFinal(withoutDigest.intern(digestAcl('bob'))), false)
  })

  it('keeps a list while it is referred to', () => {
    const table = new AclTable()
    const id = table.intern(digestAcl('bob'))
    table.addReference(id)
    table.addReference(id)
    table.release(id)
    internMany(table, 'a')
    assert.equal(table.intern(digestAcl('bob')), id)
    table.release(id)
    internMany(table, 'b')
    assert.equal(table.has(id), false)
    assert.throws(() => table.get(id), /not in the table/)
  })

  it('keeps few lists that nobody refers to, the youngest', () => {
    const table = new AclTable()
    const ids = internMany(table, 'a')
    assert.equal(table.size, 32)
    assert.equal(table.has(ids.at(-32) ?? 0), true)
    assert.equal(table.has(ids.at(-33) ?? 0), false)
  })

  it('never gives an id again', () => {
    const table = new AclTable()
    const first = table.intern(digestAcl('bob'))
    internMany(table, 'a')
    assert.equal(table.has(first), false)
    assert.ok(table.intern(digestAcl('bob')) > first)
  })

  it('keeps everything during a hold', () => {
    const table = new AclTable()
    const id = table.intern(digestAcl('bob'))
    table.hold()
    table.hold()
    internMany(table, 'a')
    table.releaseHold()
    assert.equal(table.has(id), true)
    table.releaseHold()
    assert.equal(table.has(id), false)
    assert.throws(() => table.releaseHold(), /not taken/)
  })

  it('refuses to be released more often than it is referred to', () => {
    const table = new AclTable()
    const id = table.intern(readAcl)
    assert.throws(() => table.release(id), /more often/)
  })

  it('comes back from a snapshot and goes on behind its highest id', () => {
    const table = new AclTable()
    table.load(7, digestAcl('bob'))
    table.load(3, readAcl)
    table.load(5, digestAcl('bob'))
    table.addReference(7)
    table.addReference(5)
    assert.equal(table.intern(digestAcl('bob')), 7)
    table.purgeUnreferenced()
    assert.equal(table.has(3), false)
    assert.deepEqual(table.get(5), digestAcl('bob'))
    assert.equal(table.intern(readAcl), 8)
  })

  it('writes the table as a snapshot holds it', () => {
    const table = new AclTable()
    table.intern(readAcl)
    table.intern(digestAcl('bob'))
    const writer = new JuteWriter()
    table.writeTo(writer)
    const reader = new JuteReader(writer.written())
    assert.equal(reader.readInt(), 2)
    const lists = [0, 1].map(() => [reader.readLong(), aclList.decode(reader)])
    assert.deepEqual(lists, [...table])
    assert.equal(reader.remaining, 0)
  })

  it('holds the lists in use, whatever comes and goes', () => {
    const operation = fc.record({
      kind: fc.constantFrom('create', 'delete', 'hold', 'releaseHold'),
      user: fc.nat(80),
    })
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 300, size: 'max' }), (operations) => {
        const table = new AclTable()
        const idsInUse = new Map<string, number[]>()
        let holds = 0
        for (const { kind, user } of operations) {
          const name = `u${user}`
          const ids = idsInUse.get(name) ?? []
          if (kind === 'create') {
            const id = table.intern(digestAcl(name))
            table.addReference(id)
            if (ids.length > 0) assert.equal(id, ids[0])
            idsInUse.set(name, [...ids, id])
          } else if (kind === 'delete' && ids.length > 0) {
            table.release(ids[0])
            idsInUse.set(name, ids.slice(1))
          } else if (kind === 'hold') {
            table.hold()
            holds++
          } else if (kind === 'releaseHold' && holds > 0) {
            table.releaseHold()
            holds--
          }
          const used = [...idsInUse].filter(([, list]) => list.length > 0)
          for (const [usedName, list] of used)
            assert.deepEqual(table.get(list[0]), digestAcl(usedName))
          if (holds === 0) assert.ok(table.size <= used.length + 32)
        }
      }),
      { numRuns: 30 },
    )
  })
})
