/** What the last hunts came to: results.json, and the table that is made of it. */
import { readFileSync, writeFileSync } from 'node:fs'
import { replaceRegion } from '../../../../scripts/generated-region.ts'
import { allPlantedFaults } from './all-planted-faults.ts'
import type { Hunt } from './fault-hunt.ts'
import type { PlantedFault } from './planted-fault.ts'

interface Result {
  /** Null: it was not found. */
  readonly seed: number | null
  readonly checker: string | null
  readonly seedCount: number
  readonly simulatedSeconds: number
  readonly realSeconds: number
}

const resultsUrl = new URL('./results.json', import.meta.url)
const pageUrl = new URL('../../../../docs/internals/planted-faults.md', import.meta.url)

export function readResults(): Readonly<Record<string, Result>> {
  return JSON.parse(readFileSync(resultsUrl, 'utf8')) as Record<string, Result>
}

/** Puts new results in the place of older ones of the same faults. */
export function writeResults(
  hunts: readonly { readonly fault: PlantedFault; readonly outcome: Hunt }[],
): void {
  const results: Record<string, Result> = { ...readResults() }
  for (const { fault, outcome } of hunts)
    results[fault.name] = {
      seed: outcome.found?.seed ?? null,
      checker: outcome.found?.checker ?? null,
      seedCount: outcome.seedCount,
      simulatedSeconds: Math.round(outcome.simulatedMs / 1_000),
      realSeconds: Math.round(outcome.wallMs / 1_000),
    }
  const present = allPlantedFaults.filter(({ name }) => results[name] !== undefined)
  const sorted = Object.fromEntries(present.map(({ name }) => [name, results[name]]))
  writeFileSync(resultsUrl, `${JSON.stringify(sorted, undefined, 2)}\n`)
  const page = readFileSync(pageUrl, 'utf8')
  writeFileSync(pageUrl, replaceRegion(page, 'planted faults', renderTable(sorted)))
}

export function renderTable(results: Readonly<Record<string, Result>>): string {
  const rows = allPlantedFaults.map((fault) => {
    const result = results[fault.name]
    const cells =
      result === undefined
        ? ['', '', '', '']
        : [
            result.checker ?? '**not found**',
            String(result.seedCount),
            String(result.simulatedSeconds),
            String(result.realSeconds),
          ]
    const jira = fault.jira === undefined ? '' : ` (${fault.jira})`
    return `| \`${fault.name}\` | ${fault.explanation}${jira} | ${cells.join(' | ')} |`
  })
  return [
    '| fault | what goes wrong | found by | seeds | simulated s | real s |',
    '|---|---|---|---:|---:|---:|',
    ...rows,
  ].join('\n')
}
