import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { resolveConfig } from '@quorate/server'
import {
  checkedPlan,
  connectString,
  isUnchangedZooCfg,
  zooCfg,
} from '../../src/ensemble/ensemble-plan.ts'
import { planOf } from './sample-plan.ts'

describe('plan of an ensemble', () => {
  it('names every client port in the connection string', () => {
    assert.equal(connectString(planOf(3)), '127.0.0.1:2181,127.0.0.1:2182,127.0.0.1:2183')
  })

  it('gives every member of an ensemble all server lines', () => {
    const plan = planOf(3, 1)
    for (const member of plan.members) {
      const text = zooCfg(plan, member, '/data')
      assert.deepEqual(
        text.split('\n').filter((line) => line.startsWith('server.')),
        [
          'server.1=127.0.0.1:2888:3888:participant',
          'server.2=127.0.0.1:2889:3889:participant',
          'server.3=127.0.0.1:2890:3890:participant',
          'server.4=127.0.0.1:2891:3891:observer',
        ],
      )
      assert.match(text, new RegExp(`^clientPort=${member.clientPort}$`, 'm'))
    }
  })

  it('makes a server alone a standalone one, without a notice', () => {
    const plan = planOf(1)
    const text = zooCfg(plan, plan.members[0], '/data')
    const { config, notices } = resolveConfig({ file: { path: 'zoo.cfg', text } })
    assert.equal(config.clientPort, 2_181)
    assert.equal(config.clientAddress, '127.0.0.1')
    assert.deepEqual(notices, [])
  })

  it('knows a configuration that was changed', () => {
    const plan = planOf(3)
    const text = zooCfg(plan, plan.members[0], '/data')
    assert.equal(isUnchangedZooCfg(text), true)
    assert.equal(isUnchangedZooCfg(text.replace('tickTime=2000', 'tickTime=3000')), false)
    assert.equal(isUnchangedZooCfg(`${text}snapCount=5\n`), false)
    assert.equal(isUnchangedZooCfg('tickTime=2000\n'), false)
  })

  it('refuses a description that is none', () => {
    const { members } = planOf(1)
    for (const value of [
      undefined,
      null,
      [],
      { members: [] },
      { members: [null] },
      { members: [{ ...members[0], role: 'leader' }] },
      { members: [{ ...members[0], clientPort: 0 }] },
      { members: [{ ...members[0], quorumPort: '2888' }] },
      { members: [{ ...members[0], id: 256 }] },
    ])
      assert.throws(() => checkedPlan(value, 'ensemble.json'), {
        code: 'ENSEMBLE_FOLDER_UNUSABLE',
      })
    assert.deepEqual(checkedPlan({ members }, 'ensemble.json'), { members })
  })
})
