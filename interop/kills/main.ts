/**
 * Recipes in processes that are killed and stopped, on servers that are. A long run is many short ones, each with its own seed.
 *
 *     npm run interop:kills -- --seed 1 --minutes 10
 */
import { parseArgs } from 'node:util'
import { runKills } from './kill-run.ts'

/** What a run sees has to fit into memory. */
const runMostMinutes = 2

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    minutes: { type: 'string', default: '2' },
  },
})
const [firstSeed, minutes] = [Number(values.seed), Number(values.minutes)]
if (!Number.isInteger(firstSeed) || !(minutes > 0))
  throw new Error(
    `found --seed ${values.seed} --minutes ${values.minutes}; expected a whole number, and one above 0`,
  )

const totals = new Map<string, number>()
let runCount = 0
let failedCount = 0
for (let leftMinutes = minutes; leftMinutes > 0.01; leftMinutes -= runMostMinutes) {
  const seed = firstSeed + runCount++
  const runMinutes = Math.min(runMostMinutes, leftMinutes)
  console.log(`seed ${seed}: ${runMinutes} min`)
  const { problems, figures, faultCounts, keptAt } = await runKills({
    seed,
    durationMs: runMinutes * 60_000,
    print: (line) => console.log(line),
  })
  for (const [name, count] of [...faultCounts, ...figures])
    totals.set(name, (totals.get(name) ?? 0) + count)
  if (problems.length === 0) continue
  failedCount++
  for (const problem of problems) console.log(`  PROBLEM: ${problem}`)
  console.log(`  journals: ${keptAt}`)
  console.log(`  again: npm run interop:kills -- --seed ${seed} --minutes ${runMinutes}`)
}
console.log(`\n${runCount - failedCount} of ${runCount} runs passed`)
for (const [name, count] of totals) console.log(`${String(count).padStart(8)}  ${name}`)
process.exitCode = failedCount === 0 ? 0 : 1
