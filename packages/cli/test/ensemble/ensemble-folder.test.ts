import assert from 'node:assert/strict'
import { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { EnsembleFolder } from '../../src/ensemble/ensemble-folder.ts'
import type { EnsemblePlan } from '../../src/ensemble/ensemble-plan.ts'
import { planOf } from './sample-plan.ts'
import { scratchFolder } from './scratch-folder.ts'

const scratch = scratchFolder()

function withElectionPort(plan: EnsemblePlan, electionPort: number): EnsemblePlan {
  const [first, ...others] = plan.members
  return { members: [{ ...first, electionPort }, ...others] }
}

describe('folder of an ensemble', () => {
  it('keeps the plan and writes a configuration and an id for every member', () => {
    const path = join(scratch, 'new', 'below')
    const folder = EnsembleFolder.open(path)
    assert.equal(folder.readPlan(), undefined)
    folder.keep(planOf(3))
    assert.deepEqual(folder.readPlan(), planOf(3))
    for (const member of planOf(3).members) {
      const { directory, configuration } = folder.filesOf(member)
      assert.equal(readFileSync(join(directory, 'data', 'myid'), 'utf8'), `${member.id}\n`)
      assert.ok(readFileSync(configuration, 'utf8').includes(`dataDir=${directory}/data\n`))
    }
    folder.close()
  })

  it('is locked while it is open', () => {
    const path = join(scratch, 'locked')
    const folder = EnsembleFolder.open(path)
    assert.throws(() => EnsembleFolder.open(path), {
      code: 'ENSEMBLE_FOLDER_IN_USE',
      message: new RegExp(`an ensemble runs in ${path} already.*process ${process.pid}`),
    })
    folder.close()
    EnsembleFolder.open(path).close()
  })

  it('lets untouched configurations follow the plan and the place', () => {
    const path = join(scratch, 'before')
    const folder = EnsembleFolder.open(path)
    folder.keep(planOf(3))
    folder.keep(withElectionPort(planOf(3), 5_000))
    folder.close()
    const elsewhere = join(scratch, 'elsewhere')
    renameSync(path, elsewhere)
    const moved = EnsembleFolder.open(elsewhere)
    moved.keep(moved.readPlan()!)
    const text = readFileSync(moved.filesOf(planOf(3).members[1]).configuration, 'utf8')
    assert.match(text, /^server\.1=127\.0\.0\.1:2888:5000:participant$/m)
    assert.ok(text.includes(`dataDir=${elsewhere}/server2/data\n`))
    moved.close()
  })

  it('leaves a changed configuration alone, and says so when it would have to change', () => {
    const folder = EnsembleFolder.open(join(scratch, 'changed'))
    folder.keep(planOf(3))
    const { configuration } = folder.filesOf(planOf(3).members[2])
    appendFileSync(configuration, 'snapCount=5\n')
    const text = readFileSync(configuration, 'utf8')
    folder.keep(planOf(3))
    assert.equal(readFileSync(configuration, 'utf8'), text)
    assert.throws(() => folder.keep(withElectionPort(planOf(3), 5_000)), {
      code: 'ENSEMBLE_CONTRADICTION',
      message: /server3\/zoo\.cfg was changed/,
    })
    assert.deepEqual(folder.readPlan(), planOf(3))
    folder.close()
  })

  it('refuses a description that it cannot read', () => {
    const path = join(scratch, 'damaged')
    const folder = EnsembleFolder.open(path)
    writeFileSync(join(path, 'ensemble.json'), '{"members": [')
    assert.throws(() => folder.readPlan(), { code: 'ENSEMBLE_FOLDER_UNUSABLE' })
    folder.close()
    assert.equal(existsSync(join(path, 'quorate.lock')), false)
  })

  it('says when the folder cannot be made', () => {
    const file = join(scratch, 'file')
    writeFileSync(file, '')
    assert.throws(() => EnsembleFolder.open(join(file, 'below')), {
      code: 'ENSEMBLE_FOLDER_UNUSABLE',
    })
  })
})
