/** The command line of the long runs: `--cuts 10000 --cuts-per-kill 500 --seed 1 --minutes 60`. */
import { parseArgs } from 'node:util'
import type { LostWritesOptions, LostWritesReport } from './lost-writes-run.ts'

/** Prints what came of the run, and fails the process when there were problems. */
export async function runLostWritesCommand(
  run: (options: LostWritesOptions) => Promise<LostWritesReport>,
  defaults: { readonly cutsPerKill: number },
): Promise<void> {
  const { values } = parseArgs({
    options: {
      cuts: { type: 'string', default: '10000' },
      'cuts-per-kill': { type: 'string', default: String(defaults.cutsPerKill) },
      seed: { type: 'string', default: '1' },
      minutes: { type: 'string', default: '60' },
    },
  })
  const report = await run({
    seed: Number(values.seed),
    cutsMin: Number(values.cuts),
    cutsPerKill: Number(values['cuts-per-kill']),
    wallMsMax: Number(values.minutes) * 60_000,
    progress: (text) => {
      if (process.stderr.isTTY) process.stderr.write(`\r${text} `)
    },
  })
  console.log(JSON.stringify(report, undefined, 2))
  process.exitCode = report.problems.length === 0 ? 0 : 1
}
