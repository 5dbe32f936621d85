import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { RestartDelay } from '../../src/ensemble/restart-delay.ts'

describe('restart delay', () => {
  it('doubles with every death up to half a minute', () => {
    const delay = new RestartDelay()
    const delays = Array.from({ length: 9 }, () => delay.after(0))
    assert.deepEqual(delays, [250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000])
  })

  it('begins anew for a member that has served for a while', () => {
    const delay = new RestartDelay()
    for (let i = 0; i < 5; i++) delay.after(0)
    assert.equal(delay.after(60_000), 250)
    assert.equal(delay.after(0), 500)
  })
})
