/**
 * Preloaded with `--import` into a process that is to run with a fault: changes the fault's files while they are loaded. The fault's name
 * is in the environment, so that processes started from there have it too.
 */
import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { fileURLToPath } from 'node:url'
import { allPlantedFaults } from './all-planted-faults.ts'
import { faultVariable } from './fault-variable.ts'
import { filesOf, plant } from './planted-fault.ts'

const name = process.env[faultVariable]
const fault = allPlantedFaults.find((it) => it.name === name)
if (fault === undefined) throw new Error(`there is no fault "${name}" to plant`)

const packages = new URL('../../../', import.meta.url)
const fileByUrl = new Map(filesOf(fault).map((file) => [new URL(file, packages).href, file]))

registerHooks({
  load(url, context, nextLoad) {
    const file = fileByUrl.get(url)
    if (file === undefined) return nextLoad(url, context)
    const source = plant(fault, file, readFileSync(fileURLToPath(url), 'utf8'))
    return { format: 'module-typescript', source, shortCircuit: true }
  },
})
