/** The planted faults fit the code as it is. That the simulator finds them is for found-faults.test.ts and `npm run planted`. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { allPlantedFaults } from './all-planted-faults.ts'
import { filesOf, plant } from './planted-fault.ts'

const packages = new URL('../../../', import.meta.url)
const textOf = (file: string): string => readFileSync(new URL(file, packages), 'utf8')

for (const fault of allPlantedFaults) {
  test(`the fault ${fault.name} can be planted`, () => {
    for (const file of filesOf(fault)) {
      const text = textOf(file)
      assert.notEqual(plant(fault, file, text), text)
    }
  })
}

test('the names of the faults are all different', () => {
  const names = allPlantedFaults.map(({ name }) => name)
  assert.equal(new Set(names).size, names.length)
})

test('a fault whose place has changed is refused', () => {
  const file = 'log/src/purge.ts'
  const edit = { file, original: 'no such text', planted: '' }
  const fault = { name: 'stale', explanation: '', edits: [edit] }
  assert.throws(() => plant(fault, file, textOf(file)), /must be there once/)
})

test('a fault that makes no program of a file is refused', () => {
  const file = 'log/src/purge.ts'
  const edit = { file, original: 'export function purge(', planted: 'export function (purge(' }
  const fault = { name: 'broken', explanation: '', edits: [edit] }
  assert.throws(() => plant(fault, file, textOf(file)))
})
