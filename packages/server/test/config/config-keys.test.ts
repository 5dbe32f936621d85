import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { configKeys, findKey, findKeyOfProperty, nearestKey } from '../../src/config/config-keys.ts'
import { parseValue } from '../../src/config/config-value.ts'

describe('the table of configuration keys', () => {
  it('names every key and every property once', () => {
    const names = configKeys.map((key) => key.name)
    assert.deepEqual(names, [...new Set(names)])
    const properties = configKeys.flatMap((key) => key.property ?? [])
    assert.deepEqual(properties, [...new Set(properties)])
  })

  it('has defaults that are allowed', () => {
    for (const key of configKeys) {
      if (key.default === undefined) continue
      assert.equal(parseValue(key, key.default).problem, undefined, key.name)
    }
  })

  it('documents every key with a sentence, and why it does nothing where that is so', () => {
    for (const key of configKeys) {
      assert.match(key.doc, /^[A-Z].*\.$/, key.name)
      assert.equal(key.acts, key.reason === undefined, key.name)
    }
  })

  it('finds keys by name, by property, and by the rest of the property', () => {
    assert.equal(findKey('tickTime')?.name, 'tickTime')
    assert.equal(findKey('zookeeper.snapCount')?.name, 'snapCount')
    assert.equal(findKey('observer.syncEnabled')?.name, 'syncEnabled')
    assert.equal(findKey('server.12')?.name, 'server.*')
    assert.equal(findKey('ticktime'), undefined)
  })

  it('finds keys by system property only where there is one', () => {
    assert.equal(findKeyOfProperty('zookeeper.snapCount')?.name, 'snapCount')
    assert.equal(findKeyOfProperty('jute.maxbuffer')?.name, 'jute.maxbuffer')
    assert.equal(findKeyOfProperty('zookeeper.ssl.keyStore.location')?.name, 'ssl.*')
    assert.equal(findKeyOfProperty('zookeeper.tickTime'), undefined)
  })

  it('suggests the key that was meant, and nothing when none is near', () => {
    assert.equal(nearestKey('ticktime')?.name, 'tickTime')
    assert.equal(nearestKey('maxClientConnections')?.name, undefined)
    assert.equal(nearestKey('autopurge.purgeIntervall')?.name, 'autopurge.purgeInterval')
    assert.equal(nearestKey('completelyDifferent'), undefined)
  })
})

describe('parseValue', () => {
  const purge = findKey('autopurge.purgeInterval')!

  it('reads intervals with and without a unit', () => {
    assert.equal(parseValue(purge, '2').value, 7_200_000)
    assert.equal(parseValue(purge, '90m').value, 5_400_000)
    assert.equal(parseValue(purge, '30s').value, 30_000)
    assert.equal(parseValue(purge, '-1').value, 0)
    assert.match(parseValue(purge, '1w').problem!, /ms, s, m, h or d/)
  })

  it('says the range and gives an example', () => {
    assert.equal(
      parseValue(findKey('tickTime')!, '0').problem,
      'allowed is a whole number from 1 to 2147483647 (ms); write for example tickTime=3000',
    )
    assert.equal(
      parseValue(findKey('clientPort')!, '99999').problem,
      'allowed is a whole number from 0 to 65535; write for example clientPort=2181',
    )
  })

  it('reads switches as true, false, yes and no', () => {
    const key = findKey('forceSync')!
    assert.deepEqual(
      ['yes', 'TRUE', 'No', 'false'].map((text) => parseValue(key, text).value),
      [true, true, false, false],
    )
    assert.notEqual(parseValue(key, '1').problem, undefined)
  })
})
