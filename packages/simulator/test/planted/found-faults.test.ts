/** The simulator finds what is planted: the hunts that are short, by results.json. All of them: `npm run planted`. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { allPlantedFaults } from './all-planted-faults.ts'
import { hunt } from './fault-hunt.ts'
import { readResults } from './results.ts'

/** Hunts of so few seeds, as many as together took so much virtual time; some twenty seconds of it go by in one. */
const seedsMost = 3
const simulatedSecondsMost = 400
const huntsMost = 48
const wallMsMax = 60_000

function shortHunts(): readonly { readonly name: string; readonly seedCount: number }[] {
  const found = Object.entries(readResults())
    .filter(([, { seed, seedCount }]) => seed !== null && seedCount <= seedsMost)
    .map(([name, { seedCount, simulatedSeconds }]) => ({ name, seedCount, simulatedSeconds }))
    .toSorted((a, b) => a.simulatedSeconds - b.simulatedSeconds)
  let simulatedSeconds = 0
  return found
    .filter((it) => (simulatedSeconds += it.simulatedSeconds) <= simulatedSecondsMost)
    .slice(0, huntsMost)
}

describe('the default mix finds', { concurrency: 2 }, () => {
  for (const { name, seedCount } of shortHunts()) {
    const fault = allPlantedFaults.find((it) => it.name === name)
    if (fault === undefined) continue
    test(`that ${fault.explanation.toLowerCase().replace(/\.$/, '')} (${name})`, async () => {
      // Any change of the code makes other runs of the same seeds: some more may be needed than last time.
      const { found } = await hunt(fault, undefined, {
        seedCount: 3 * seedCount + 3,
        wallMsMax,
      })
      assert.notEqual(found, undefined)
    })
  }
})
