/**
 * Rolling migrations from Apache's servers to ours and back, under load.
 *
 *     npm run interop:migration -- --runs 20 --seed 1
 */
import { parseArgs } from 'node:util'
import { ApacheLogHole } from '../apache-log-holes.ts'
import { type MigrationResult, runMigration } from './migration-run.ts'

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
  },
})
const [runs, firstSeed] = [Number(values.runs), Number(values.seed)]
if (!Number.isInteger(runs) || runs < 1 || !Number.isInteger(firstSeed))
  throw new Error(`found --runs ${values.runs} --seed ${values.seed}; expected whole numbers`)

let failedCount = 0
/** Of these we know nothing: Apache's own server has lost transactions. */
let voidCount = 0
const total = { writes: 0, kills: 0, steps: 0 }
for (let seed = firstSeed; seed < firstSeed + runs; seed++) {
  const started = performance.now()
  console.log(`seed ${seed}`)
  try {
    const result = await runMigration({ seed, print: (line) => console.log(line) })
    const written = writesOf(result)
    total.writes += written
    total.kills += result.kills
    total.steps += result.steps
    const seconds = ((performance.now() - started) / 1000).toFixed(0)
    console.log(
      `  passed in ${seconds} s: ${written} writes acknowledged, ${result.kills} kills, ${result.locks} locks, ` +
        `${result.sessions} sessions and ${result.expired} expired, ${result.watched} changes and ${result.visitsSeen} ` +
        `lists watched, ${result.containers} containers, ${result.timesToLive} TTL nodes, ${result.nodeCount} nodes at the end; ` +
        `the longest call took ${result.longestGapMs} ms`,
    )
  } catch (error) {
    if (error instanceof ApacheLogHole) {
      voidCount++
      console.log(`  VOID by ZOOKEEPER-4712: ${error.message}`)
      continue
    }
    failedCount++
    console.log(`  FAILED: ${(error as Error).stack}`)
  }
}
console.log(
  `${runs - failedCount - voidCount} of ${runs} runs passed, ${voidCount} void: ${total.steps} servers moved, ${total.kills} kills, ` +
    `${total.writes} writes acknowledged`,
)
process.exitCode = failedCount === 0 ? 0 : 1

/** Of the writers whose every write is looked for in the end; a multi counts as one. */
function writesOf({ writers }: MigrationResult): number {
  return Object.values(writers).reduce(
    (sum, { created, deleted, counted, multis }) => sum + created + deleted + counted + multis,
    0,
  )
}
