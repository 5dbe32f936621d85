import assert from 'node:assert/strict'
import { BlockList, isIPv4, isIPv6 } from 'node:net'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import {
  formatIpAddress,
  networkContains,
  parseIpAddress,
  parseIpNetwork,
  parsePeerAddress,
} from '../src/ip-match.ts'

function contains(network: string, address: string): boolean {
  const parsed = parseIpNetwork(network)
  const bytes = parsePeerAddress(address)
  assert.ok(parsed !== undefined && bytes !== undefined, `${network} and ${address} are valid`)
  return networkContains(parsed, bytes)
}

const ipv4 = fc.ipV4()
/** Without the mixed notation, which ACLs do not have, and without mapped IPv4, which BlockList takes for IPv4. */
const ipv6 = fc.ipV6().filter((text) => !text.includes('.') && !/^[0:]*:f{4}:/i.test(text))

function format(text: string): string {
  return formatIpAddress(parsePeerAddress(text) ?? new Uint8Array(0))
}

describe('parseIpNetwork', () => {
  it('takes addresses with and without the number of bits', () => {
    const valid = ['10.0.0.1', '10.0.0.0/8', '0.0.0.0/0', '1.2.3.4/32', '010.0.0.001', '1.2.3.4/08']
    const validIpv6 = [
      '::',
      '::/0',
      '::1',
      '1::',
      '2001:db8::/32',
      '::1/128',
      '1:2:3:4:5:6:7:8',
      'ABCD::',
    ]
    for (const text of [...valid, ...validIpv6])
      assert.notEqual(parseIpNetwork(text), undefined, text)
  })

  it('refuses everything else', () => {
    const invalid = [
      '',
      '/',
      '1.2.3',
      '1.2.3.4.5',
      '1.2.3.256',
      '1.2.3.',
      '1.2.3.x',
      '1.2.3.4/',
      '1.2.3.4/33',
    ]
    const more = [
      '1.2.3.4/-1',
      '1.2.3.4/8/8',
      ' 1.2.3.4',
      '1.2.3.4 ',
      '10',
      'localhost',
      '1.2.3.4/x',
      '1.2.3.+4',
    ]
    const ipv6s = [
      ':',
      ':::',
      '1:2:3:4:5:6:7',
      '1:2:3:4:5:6:7:8:9',
      '1::2::3',
      '12345::',
      '::g',
      '::1/129',
      ':1::',
    ]
    const more6 = ['1:2:3:4:5:6:7::8', '::1.2.3.4', 'fe80::1%eth0', '1:2:3:4:5:6:7:', '::-1']
    for (const text of [...invalid, ...more, ...ipv6s, ...more6, `${'0'.repeat(100)}.0.0.1`])
      assert.equal(parseIpNetwork(text), undefined, text)
  })

  it('agrees with node:net about what an address is', () => {
    fc.assert(
      fc.property(
        fc.oneof(ipv4, ipv6, fc.string({ unit: fc.constantFrom('0', '1', 'f', 'F', ':', '.') })),
        (text) => {
          // Mixed notation is no ACL, and node:net knows no leading zeros in IPv4.
          fc.pre(!(text.includes(':') && text.includes('.')) && !/(^|\.)0\d/.test(text))
          assert.equal(parseIpAddress(text) !== undefined, isIPv4(text) || isIPv6(text))
        },
      ),
    )
  })
})

describe('networkContains', () => {
  it('compares the first bits and no more', () => {
    assert.equal(contains('10.1.0.0/15', '10.0.255.255'), true)
    assert.equal(contains('10.1.0.0/16', '10.0.255.255'), false)
    assert.equal(contains('0.0.0.0/0', '255.255.255.255'), true)
    assert.equal(contains('1.2.3.4', '1.2.3.4'), true)
    assert.equal(contains('1.2.3.4', '1.2.3.5'), false)
    assert.equal(contains('2001:db8::/33', '2001:db8:8000::'), false)
  })

  it('keeps the families apart', () => {
    assert.equal(contains('::/0', '1.2.3.4'), false)
    assert.equal(contains('0.0.0.0/0', '::1'), false)
  })

  it('takes an IPv4 address that came over an IPv6 socket as IPv4', () => {
    assert.equal(contains('127.0.0.0/8', '::ffff:127.0.0.1'), true)
    assert.equal(contains('127.0.0.0/8', '::FFFF:7f00:1'), true)
    assert.equal(contains('::ffff:0:0/96', '::ffff:127.0.0.1'), false)
  })

  it('agrees with BlockList of node:net', () => {
    const families = [
      { address: ipv4, bits: fc.nat(32), family: 'ipv4' },
      { address: ipv6, bits: fc.nat(128), family: 'ipv6' },
    ] as const
    for (const { address, bits, family } of families) {
      fc.assert(
        fc.property(address, address, bits, (network, other, prefixLength) => {
          const list = new BlockList()
          list.addSubnet(network, prefixLength, family)
          const text = `${network}/${prefixLength}`
          assert.equal(contains(text, other), list.check(other, family))
          assert.equal(contains(text, network), true)
          if (family === 'ipv4')
            assert.equal(contains(text, `::ffff:${other}`), list.check(`::ffff:${other}`, 'ipv6'))
        }),
      )
    }
  })

  it('finds neighbours that differ in one bit on the right side of the prefix', () => {
    fc.assert(
      fc.property(ipv6, fc.nat(127), fc.nat(128), (text, bit, prefixLength) => {
        const address = parseIpAddress(text)
        assert.ok(address !== undefined)
        const neighbour = address.slice()
        neighbour[bit >> 3] ^= 0x80 >> (bit & 7)
        assert.equal(networkContains({ address, prefixLength }, neighbour), bit >= prefixLength)
      }),
    )
  })
})

describe('formatIpAddress', () => {
  it('writes all groups of IPv6, as Java does', () => {
    assert.equal(format('::1'), '0:0:0:0:0:0:0:1')
    assert.equal(format('2001:0DB8::a'), '2001:db8:0:0:0:0:0:a')
    assert.equal(format('::ffff:10.0.0.1'), '10.0.0.1')
    assert.equal(format('10.0.0.1'), '10.0.0.1')
  })

  it('writes what parses to the same address', () => {
    fc.assert(
      fc.property(fc.oneof(ipv4, ipv6), (text) => {
        const address = parseIpAddress(text)
        assert.ok(address !== undefined)
        assert.deepEqual(parseIpAddress(formatIpAddress(address)), address)
      }),
    )
  })
})
