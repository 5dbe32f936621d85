import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  ConnectionThrottle,
  type ConnectionThrottleOptions,
} from '../../src/client-port/connection-throttle.ts'

function throttle(options: Partial<ConnectionThrottleOptions>, random = () => 0) {
  const all = {
    tokens: 0,
    fillTimeMs: 1,
    fillCount: 1,
    freezeTimeMs: -1,
    dropIncrease: 0.02,
    dropDecrease: 0.002,
    decreaseRatio: 0,
    weights: undefined,
    ...options,
  }
  return new ConnectionThrottle(all, 0, random)
}

/** How many of `count` attempts at one moment come through. */
function admitted(
  bucket: ConnectionThrottle,
  count: number,
  nowMs: number,
  attempt: 'create' | 'reattach' = 'create',
): number {
  return Array.from({ length: count }, () => bucket.admit(attempt, nowMs)).filter(Boolean).length
}

describe('ConnectionThrottle', () => {
  it('lets everybody through without tokens to count', () => {
    assert.equal(admitted(throttle({}), 1_000, 0), 1_000)
  })

  it('lets as many through at once as there are tokens', () => {
    assert.equal(admitted(throttle({ tokens: 5, fillTimeMs: 100 }), 10, 0), 5)
  })

  it('fills up with time, to the brim at most', () => {
    const bucket = throttle({ tokens: 5, fillTimeMs: 100, fillCount: 2 })
    assert.equal(admitted(bucket, 10, 0), 5)
    assert.equal(admitted(bucket, 10, 100), 0, 'the interval must be over')
    assert.equal(admitted(bucket, 10, 101), 2)
    assert.equal(admitted(bucket, 10, 10_000), 5)
  })

  it('makes sessions cost their weight, with room for as many new ones as without', () => {
    const weights = { create: 3, reattach: 2 }
    const options = { tokens: 4, fillTimeMs: 100, weights }
    assert.equal(admitted(throttle(options), 10, 0), 4)
    assert.equal(admitted(throttle(options), 10, 0, 'reattach'), 6)
    const bucket = throttle(options)
    admitted(bucket, 4, 0)
    assert.equal(admitted(bucket, 10, 101, 'reattach'), 1, 'one fill holds one new session')
  })

  it('turns a growing share away while the bucket is found empty', () => {
    let lot = 0.25
    const bucket = throttle(
      { tokens: 2, fillTimeMs: 1_000_000, freezeTimeMs: 10, dropIncrease: 0.2 },
      () => lot,
    )
    assert.equal(admitted(bucket, 3, 0), 2)
    assert.equal(bucket.admit('create', 11), false)
    assert.equal(bucket.admit('create', 22), false)
    // Full again, but two of five are turned away now: the lot decides.
    assert.equal(bucket.admit('create', 2_000_000), false)
    lot = 0.75
    assert.equal(bucket.admit('create', 2_000_000), true)
  })

  it('turns fewer away once enough of the bucket is there', () => {
    const bucket = throttle(
      {
        tokens: 4,
        fillTimeMs: 100,
        fillCount: 1,
        freezeTimeMs: 10,
        dropIncrease: 1,
        dropDecrease: 0.5,
        decreaseRatio: 0.5,
      },
      () => 0.4,
    )
    assert.equal(admitted(bucket, 4, 0), 4)
    assert.equal(bucket.admit('create', 11), false, 'empty: now everybody is turned away')
    assert.equal(bucket.admit('create', 112), false, 'three of four tokens are missing')
    assert.equal(bucket.admit('create', 213), false, 'two are missing: the half gets through')
    assert.equal(bucket.admit('create', 224), true, 'and soon everybody')
  })
})
