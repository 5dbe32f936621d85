import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import type { EnsembleOptions } from '../../src/ensemble/ensemble-options.ts'
import { choosePlan } from '../../src/ensemble/plan-choice.ts'
import { PortChoice } from '../../src/ensemble/port-choice.ts'

const others = new PortChoice()
afterEach(() => others.release())

function asked(options: Partial<EnsembleOptions> = {}): EnsembleOptions {
  return {
    folder: 'data',
    size: undefined,
    observers: undefined,
    clientPort: undefined,
    ...options,
  }
}

describe('choice of the plan', () => {
  it('makes three voters without a wish, each with three ports of its own', async () => {
    const { members } = await choosePlan(asked(), undefined)
    assert.deepEqual(
      members.map(({ id, role }) => [id, role]),
      [1, 2, 3].map((id) => [id, 'participant']),
    )
    const ports = members.flatMap((each) => [each.clientPort, each.quorumPort, each.electionPort])
    assert.equal(new Set(ports).size, 9)
  })

  it('puts observers behind the voters', async () => {
    const { members } = await choosePlan(asked({ size: 2, observers: 1 }), undefined)
    assert.deepEqual(
      members.map(({ role }) => role),
      ['participant', 'participant', 'observer'],
    )
  })

  it('refuses observers of a server alone', async () => {
    await assert.rejects(choosePlan(asked({ size: 1, observers: 1 }), undefined), {
      code: 'ENSEMBLE_CONTRADICTION',
    })
  })

  it('begins at the client port that was asked for, and refuses when it is taken', async () => {
    const port = await others.takeAny(0)
    await assert.rejects(choosePlan(asked({ clientPort: port }), undefined), {
      code: 'ENSEMBLE_PORT_TAKEN',
    })
    await others.release()
    const { members } = await choosePlan(asked({ clientPort: port }), undefined)
    assert.equal(members[0].clientPort, port)
  })

  it('comes back with the same ports', async () => {
    const first = await choosePlan(asked({ clientPort: 0 }), undefined)
    assert.deepEqual(await choosePlan(asked(), first), first)
    assert.deepEqual(await choosePlan(asked({ size: 3, observers: 0 }), first), first)
  })

  it('replaces a port that only members know when somebody has taken it', async () => {
    const first = await choosePlan(asked({ clientPort: 0 }), undefined)
    await others.take(first.members[1].electionPort)
    const second = await choosePlan(asked(), first)
    assert.notEqual(second.members[1].electionPort, first.members[1].electionPort)
    assert.equal(second.members[1].clientPort, first.members[1].clientPort)
    assert.deepEqual(second.members[0], first.members[0])
  })

  it('refuses to start when somebody has taken a client port', async () => {
    const first = await choosePlan(asked({ clientPort: 0 }), undefined)
    await others.take(first.members[2].clientPort)
    await assert.rejects(choosePlan(asked(), first, 0), {
      code: 'ENSEMBLE_PORT_TAKEN',
      message: new RegExp(`127\\.0\\.0\\.1:${first.members[2].clientPort}`),
    })
  })

  it('waits for a client port that becomes free', async () => {
    const first = await choosePlan(asked({ clientPort: 0 }), undefined)
    await others.take(first.members[0].clientPort)
    const second = choosePlan(asked(), first, 10_000)
    await others.release()
    assert.deepEqual(await second, first)
  })

  it('refuses wishes that the folder contradicts', async () => {
    const first = await choosePlan(asked({ clientPort: 0 }), undefined)
    for (const wish of [{ size: 5 }, { observers: 1 }, { clientPort: 1 }])
      await assert.rejects(choosePlan(asked(wish), first), {
        code: 'ENSEMBLE_CONTRADICTION',
        message: /holds an ensemble of 3 voters and 0 observers/,
      })
  })
})
