import assert from 'node:assert/strict'
import { it } from 'node:test'
import { parseConnectString } from '../src/connect-string.ts'

it('reads servers, ports and a chroot', () => {
  assert.deepEqual(parseConnectString('a:1, b,[::1]:3,[fe80::1]/app/x'), {
    servers: [
      { host: 'a', port: 1 },
      { host: 'b', port: 2181 },
      { host: '::1', port: 3 },
      { host: 'fe80::1', port: 2181 },
    ],
    chroot: '/app/x',
  })
})

it('takes a lone slash for no chroot', () => {
  assert.equal(parseConnectString('a/').chroot, '')
})

for (const text of ['', '/', 'a:0', 'a:65536', 'a:b', '::1', 'a:1/x/', 'a//x', 'a:1:2']) {
  it(`refuses ${JSON.stringify(text)} and says how to write it`, () => {
    assert.throws(() => parseConnectString(text), {
      code: 'BadArguments',
      message: /Write it as host1:2181,host2:2181\/chroot/,
    })
  })
}
