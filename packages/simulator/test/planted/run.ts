/**
 * Hunts the planted faults with the default mix and says what it took.
 *
 *     npm run planted -- [--fault a,b,...] [--seeds N] [--first-seed N] [--minutes M] [--jobs J] [--write]
 *
 * `--write` puts what came out into results.json and into the table of docs/internals/planted-faults.md. Exits with 1 when a fault was
 * not found.
 */
import { parseArgs } from 'node:util'
import { allPlantedFaults } from './all-planted-faults.ts'
import { Controls, type Hunt, hunt } from './fault-hunt.ts'
import type { PlantedFault } from './planted-fault.ts'
import { writeResults } from './results.ts'

const { values } = parseArgs({
  options: {
    fault: { type: 'string' },
    seeds: { type: 'string', default: '300' },
    'first-seed': { type: 'string', default: '1' },
    minutes: { type: 'string', default: '30' },
    jobs: { type: 'string', default: '1' },
    write: { type: 'boolean', default: false },
  },
})

const names = values.fault?.split(',')
for (const name of names ?? [])
  if (!allPlantedFaults.some((fault) => fault.name === name))
    throw new Error(
      `there is no fault "${name}"; there are ${allPlantedFaults.map((it) => it.name).join(', ')}`,
    )

const waiting = allPlantedFaults.filter(({ name }) => names?.includes(name) ?? true)
const controls = new Controls()
let missedCount = 0

async function huntOneAfterAnother(): Promise<void> {
  for (let fault = waiting.shift(); fault !== undefined; fault = waiting.shift()) {
    try {
      const outcome = await hunt(fault, controls, {
        firstSeed: Number(values['first-seed']),
        seedCount: Number(values.seeds),
        wallMsMax: Number(values.minutes) * 60_000,
      })
      if (outcome.found === undefined) missedCount++
      process.stdout.write(`${lineOf(fault, outcome)}\n`)
      if (values.write) writeResults([{ fault, outcome }])
    } catch (error) {
      // It could not be planted, or its process died of it.
      missedCount++
      process.stdout.write(`${fault.name}: ${(error as Error).message}\n`)
    }
  }
}

function lineOf({ name }: PlantedFault, { found, ...cost }: Hunt): string {
  const spent = `${cost.seedCount} seeds, ${(cost.simulatedMs / 1_000).toFixed(0)} simulated s, ${(cost.wallMs / 1_000).toFixed(0)} s`
  const endless = cost.endlessSeeds.length === 0 ? '' : `; endless: ${cost.endlessSeeds.join(', ')}`
  return found === undefined
    ? `${name}: NOT FOUND in ${spent}${endless}`
    : `${name}: seed ${found.seed} by ${found.checker} (${spent}${endless}): ${found.message.split('\n')[0].slice(0, 160)}`
}

await Promise.all(Array.from({ length: Number(values.jobs) }, huntOneAfterAnother))
controls.end()
process.exitCode = missedCount === 0 ? 0 : 1
