import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { StallMeter } from '../src/stall-meter.ts'

describe('a stall', () => {
  it('is as long as the alarm is late', () => {
    const meter = new StallMeter()
    meter.expect(100)
    meter.awake(100, 1000)
    assert.equal(meter.longestMs(100, 1000), 0)
    meter.expect(200)
    meter.awake(550, 1000)
    assert.equal(meter.longestMs(600, 1000), 350)
  })

  it('is remembered until a longer one or its time', () => {
    const meter = new StallMeter()
    meter.expect(0)
    meter.awake(400, 1000)
    meter.expect(500)
    meter.awake(600, 1000)
    assert.equal(meter.longestMs(1400, 1000), 400)
    meter.expect(1500)
    meter.awake(1550, 1000)
    assert.equal(meter.longestMs(1550, 1000), 50)
  })

  it('needs an alarm that was due', () => {
    const meter = new StallMeter()
    meter.awake(400, 1000)
    meter.expect(Infinity)
    meter.awake(800, 1000)
    assert.equal(meter.longestMs(800, 1000), 0)
  })
})
