import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import { PortChoice } from '../../src/ensemble/port-choice.ts'

describe('port choice', () => {
  const ports = new PortChoice()
  const others = new PortChoice()
  afterEach(() => Promise.all([ports.release(), others.release()]))

  it('finds no port twice', async () => {
    const found = [await ports.takeAny(0), await ports.takeAny(0), await ports.takeAny(0)]
    assert.equal(new Set(found).size, 3)
  })

  it('takes the preferred port when it is free', async () => {
    const port = await others.takeAny(0)
    await others.release()
    assert.equal(await ports.takeAny(port), port)
  })

  it('takes another port when the preferred one is taken', async () => {
    const port = await others.takeAny(0)
    assert.notEqual(await ports.takeAny(port), port)
  })

  it('says whether a port is free', async () => {
    const port = await others.takeAny(0)
    assert.equal(await ports.take(port), false)
    await others.release()
    assert.equal(await ports.take(port), true)
  })
})
