import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Acl, openAcl, Perms } from '@quorate/protocol'
import * as fc from 'fast-check'
import { fixAcl, isAllowed, maskDigests, openPermsOf } from '../src/acl-check.ts'
import { type Identity, ipIdentity, superIdentity } from '../src/identity.ts'

const bob: Identity = { scheme: 'digest', id: 'bob:hash' }
const eve: Identity = { scheme: 'digest', id: 'eve:hash' }
const home = ipIdentity('127.0.0.1')

function entry(perms: number, scheme: string, id: string): Acl {
  return { perms, id: { scheme, id } }
}

/** Whether an ACL entry lets in a client with this one identity. */
function grants(scheme: string, id: string, identity: Identity): boolean {
  return isAllowed([entry(Perms.all, scheme, id)], Perms.read, [identity])
}

/** The schemes of a server that has all providers. */
const everyScheme = new Set(['digest', 'ip', 'sasl', 'x509'])

/** Whether a request may ask for an entry with this id. */
function isValid(scheme: string, id: string): boolean {
  return fixAcl([entry(Perms.all, scheme, id)], [home], everyScheme) !== null
}

describe('isAllowed', () => {
  it('lets everyone in where there is no ACL', () => {
    assert.equal(isAllowed(null, Perms.write, [home]), true)
    assert.equal(isAllowed([], Perms.write, []), true)
  })

  it('asks for one of the permissions, from any entry', () => {
    const acl = [entry(Perms.read, 'world', 'anyone'), entry(Perms.write, 'digest', 'bob:hash')]
    assert.equal(isAllowed(acl, Perms.read, [home]), true)
    assert.equal(isAllowed(acl, Perms.write, [home]), false)
    assert.equal(isAllowed(acl, Perms.write, [home, bob]), true)
    assert.equal(isAllowed(acl, Perms.write, [home, eve]), false)
    assert.equal(isAllowed(acl, Perms.admin, [home, bob]), false)
    assert.equal(isAllowed(acl, Perms.read | Perms.admin, [home]), true)
  })

  it('lets the super user do everything', () => {
    assert.equal(isAllowed([entry(0, 'world', 'anyone')], Perms.admin, [superIdentity]), true)
  })

  it('matches addresses by network', () => {
    const acl = [entry(Perms.all, 'ip', '127.0.0.0/8'), entry(Perms.all, 'ip', '2001:db8::/32')]
    const allows = (address: string) => isAllowed(acl, Perms.read, [{ scheme: 'ip', id: address }])
    assert.equal(allows('127.1.2.3'), true)
    assert.equal(allows('::ffff:127.1.2.3'), true)
    assert.equal(allows('128.1.2.3'), false)
    assert.equal(allows('2001:db8:0:0:0:0:0:1'), true)
    assert.equal(allows('not an address'), false)
  })

  it('matches by scheme and id', () => {
    assert.equal(grants('sasl', 'bob', { scheme: 'sasl', id: 'bob' }), true)
    assert.equal(grants('sasl', 'bob', { scheme: 'sasl', id: 'eve' }), false)
    assert.equal(grants('sasl', 'bob', { scheme: 'sasl', id: 'super' }), true)
    assert.equal(grants('sasl', 'bob', { scheme: 'x509', id: 'bob' }), false)
    assert.equal(grants('x509', 'CN=bob', { scheme: 'x509', id: 'CN=bob' }), true)
    assert.equal(grants('x509', 'CN=bob', { scheme: 'x509', id: 'super' }), false)
    assert.equal(grants('world', 'bob', { scheme: 'world', id: 'bob' }), false)
    assert.equal(grants('auth', 'bob', { scheme: 'auth', id: 'bob' }), false)
    assert.equal(grants('ip', 'nonsense', { scheme: 'ip', id: 'nonsense' }), false)
  })

  it('agrees with the open permissions about who has no identity', () => {
    const acls = fc.array(
      fc.record({
        perms: fc.nat(63),
        id: fc.constantFrom(
          { scheme: 'world', id: 'anyone' },
          { scheme: 'world', id: 'x' },
          bob,
          home,
        ),
      }),
    )
    fc.assert(
      fc.property(acls, fc.nat(63), (acl, perms) => {
        const wanted = perms + 1
        assert.equal((openPermsOf(acl) & wanted) !== 0, isAllowed(acl, wanted, []))
      }),
    )
  })
})

describe('fixAcl', () => {
  it('refuses null and empty lists', () => {
    assert.equal(fixAcl(null, [bob]), null)
    assert.equal(fixAcl([], [bob]), null)
  })

  it('leaves a valid list as it is, with odd permissions too', () => {
    const acl = [
      entry(0, 'world', 'anyone'),
      entry(255, 'digest', 'bob:hash'),
      entry(1, 'ip', '::/0'),
    ]
    assert.deepEqual(fixAcl(acl, [home]), acl)
  })

  it('keeps the first of duplicates', () => {
    const acl = [
      entry(1, 'world', 'anyone'),
      entry(1, 'digest', 'bob:hash'),
      entry(1, 'world', 'anyone'),
    ]
    assert.deepEqual(fixAcl(acl, []), acl.slice(0, 2))
    assert.equal(fixAcl([...openAcl, entry(1, 'world', 'anyone')], [])?.length, 2)
  })

  it('expands auth to each proved identity, in their order and whatever its id', () => {
    const sasl: Identity = { scheme: 'sasl', id: 'bob@REALM' }
    const fixed = fixAcl(
      [entry(5, 'auth', 'ignored'), entry(1, 'world', 'anyone')],
      [home, sasl, superIdentity, bob],
    )
    assert.deepEqual(fixed, [
      { perms: 5, id: sasl },
      { perms: 5, id: bob },
      entry(1, 'world', 'anyone'),
    ])
  })

  it('looks for duplicates before it expands, not after', () => {
    const fixed = fixAcl([entry(5, 'auth', ''), entry(5, 'digest', 'bob:hash')], [bob])
    assert.deepEqual(fixed, [entry(5, 'digest', 'bob:hash'), entry(5, 'digest', 'bob:hash')])
  })

  it('refuses auth of a client that has proved nothing', () => {
    assert.equal(fixAcl([...openAcl, entry(31, 'auth', '')], [home]), null)
    assert.equal(fixAcl([entry(31, 'auth', '')], [home, superIdentity]), null)
  })

  it('refuses the whole list for one invalid entry', () => {
    assert.equal(fixAcl([...openAcl, entry(31, 'world', 'bob')], [bob]), null)
    for (const scheme of ['super', 'nonsense', '', 'World'])
      assert.equal(isValid(scheme, 'anyone'), false, scheme)
  })

  it('asks for two parts in a digest, not counting empty ones at the end', () => {
    for (const id of ['bob:hash', 'a:b:', 'a:b::', ':b'])
      assert.equal(isValid('digest', id), true, id)
    for (const id of ['', 'bob', 'a:', 'a::', ':', ':::', 'a:b:c', '::b', 'a::b'])
      assert.equal(isValid('digest', id), false, id)
  })

  it('asks for the form of a Kerberos name where there is a realm', () => {
    for (const id of ['bob', '', 'a/b/c', 'bob@R', 'bob/host@R', '@', 'bob/@'])
      assert.equal(isValid('sasl', id), true, id)
    for (const id of ['a/b/c@R', 'a@b@c', 'bob@R/x']) assert.equal(isValid('sasl', id), false, id)
  })

  it('checks addresses and distinguished names', () => {
    assert.equal(isValid('ip', '10.0.0.0/8'), true)
    assert.equal(isValid('ip', '10.0.0.0/33'), false)
    assert.equal(isValid('x509', 'CN=bob'), true)
    assert.equal(isValid('x509', 'bob'), false)
  })

  it('refuses a scheme that this server does not have', () => {
    assert.equal(fixAcl([{ perms: 1, id: bob }], [], new Set(['ip'])), null)
  })

  it('fixes a list that is fixed to itself', () => {
    const id = fc.constantFrom(
      bob,
      eve,
      { scheme: 'auth', id: '' },
      { scheme: 'world', id: 'anyone' },
    )
    const acls = fc.array(fc.record({ perms: fc.nat(3), id }), { maxLength: 6 })
    fc.assert(
      fc.property(acls, (acl) => {
        const fixed = fixAcl(acl, [bob, eve])
        assert.equal(fixed === null, acl.length === 0)
        const again = fixAcl(fixed, [])
        assert.deepEqual(new Set(again?.map(keyOf)), new Set((fixed ?? []).map(keyOf)))
      }),
    )
  })
})

function keyOf({ perms, id }: Acl): string {
  return `${perms} ${id.scheme} ${id.id}`
}

describe('maskDigests', () => {
  it('hides what stands behind the first colon of a digest', () => {
    const acl = [
      entry(31, 'digest', 'bob:ha:sh'),
      entry(1, 'sasl', 'a:b'),
      entry(1, 'digest', 'bare'),
    ]
    assert.deepEqual(maskDigests(acl), [
      entry(31, 'digest', 'bob:x'),
      entry(1, 'sasl', 'a:b'),
      entry(1, 'digest', 'bare'),
    ])
  })
})
