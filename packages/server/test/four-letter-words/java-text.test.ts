import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { javaSocketAddress } from '../../src/four-letter-words/connection-words.ts'
import { javaAverage, javaDouble } from '../../src/four-letter-words/java-text.ts'

describe('javaDouble', () => {
  it('always shows a decimal point, and an exponent where Java does', () => {
    assert.deepEqual(
      [0, 4, 3.75, 0.001, 0.0005, 1.25e-7, 9_999_999, 1e7, 12_345_678.5].map(javaDouble),
      ['0.0', '4.0', '3.75', '0.001', '5.0E-4', '1.25E-7', '9999999.0', '1.0E7', '1.23456785E7'],
    )
  })
})

describe('javaAverage', () => {
  it('rounds to four decimals', () => {
    assert.equal(javaAverage(1 / 3), '0.3333')
    assert.equal(javaAverage(2 / 3), '0.6667')
    assert.equal(javaAverage(0.00004), '0.0')
  })
})

describe('javaSocketAddress', () => {
  it('puts all groups of an IPv6 address into brackets', () => {
    assert.equal(javaSocketAddress('10.0.0.1', 5), '/10.0.0.1:5')
    assert.equal(javaSocketAddress('::1', 5), '/[0:0:0:0:0:0:0:1]:5')
    assert.equal(javaSocketAddress('fe80::a:1%eth0', 5), '/[fe80:0:0:0:0:0:a:1%eth0]:5')
  })
})
