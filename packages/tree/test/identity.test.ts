import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ipIdentity, isAuthenticated, isSuper, superIdentity } from '../src/identity.ts'

describe('identities', () => {
  it('count as authenticated when a secret proved them', () => {
    for (const scheme of ['digest', 'sasl', 'x509'])
      assert.equal(isAuthenticated({ scheme, id: 'x' }), true, scheme)
    for (const scheme of ['ip', 'world', 'super', 'auth'])
      assert.equal(isAuthenticated({ scheme, id: 'x' }), false, scheme)
  })

  it('are those of a super user when one of them is super', () => {
    assert.equal(isSuper([ipIdentity('::1'), superIdentity]), true)
    assert.equal(isSuper([ipIdentity('::1'), { scheme: 'digest', id: 'super:x' }]), false)
  })

  it('spell addresses as Java does, and leave what is no address alone', () => {
    assert.deepEqual(ipIdentity('::ffff:127.0.0.1'), { scheme: 'ip', id: '127.0.0.1' })
    assert.deepEqual(ipIdentity('::1'), { scheme: 'ip', id: '0:0:0:0:0:0:0:1' })
    assert.deepEqual(ipIdentity('pipe'), { scheme: 'ip', id: 'pipe' })
  })
})
