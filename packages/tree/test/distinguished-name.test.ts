import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isDistinguishedName } from '../src/distinguished-name.ts'

// What javax.security.auth.x500.X500Principal of OpenJDK 17 answers.
const valid = [
  '',
  'CN=a',
  'cn=a,O=b',
  'CN=a, O=b',
  'CN=a;O=b',
  'CN=a+OU=b,O=c',
  'CN=',
  '1.2.3=a',
  'OID.1.2.3=a',
  'oid.1.2.3=a',
  'CN="a,b"',
  'CN=a\\,b',
  'CN=a=b',
  'EMAILADDRESS=a@b',
  'UID=x',
  'DC=x',
  'ST=x',
  'STREET=x',
  'EMAIL=x',
  'CN =a',
  ' CN = a ',
  'CN=a\nb',
  'C=de',
  'CN=é',
  'CN=\\41',
  'CN=a\\ ',
  'CN=  ',
  'SERIALNUMBER=1',
  'DNQUALIFIER=1',
  'IP=1',
]
const invalid = [
  ' ',
  'foo',
  'CN',
  '=a',
  'XX=a',
  'CN=a,',
  ',CN=a',
  'CN=a,,O=b',
  'CN="a',
  'CN=a\\',
  'CN=#xyz',
  'CN=#',
  'E=x',
  'SN=1',
  'TITLE=x',
  'CN=a<b',
  '1=a',
  '1.=a',
  '3.1=a',
  'CN=a+',
  'CN=a"b',
  'CN=\\4',
  'CN=\\zz',
  'CN=a;',
  'C N=a',
]

describe('isDistinguishedName', () => {
  it('takes what Java takes', () => {
    for (const name of valid) assert.equal(isDistinguishedName(name), true, name)
  })

  it('refuses what Java refuses', () => {
    for (const name of invalid) assert.equal(isDistinguishedName(name), false, name)
  })

  it('reads a name as long as a frame', () => {
    const long = 1_000_000
    assert.equal(isDistinguishedName(`CN=${'a'.repeat(long)}`), true)
    assert.equal(isDistinguishedName(`CN=${' '.repeat(long)}<`), false)
    assert.equal(isDistinguishedName('CN=a,'.repeat(long / 5)), false)
  })
})
