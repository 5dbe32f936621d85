/** `npm run interop:cuts -- --cuts 10000`: the long form of process-cuts.test.ts. */
import { parseArgs } from 'node:util'
import { runProcessCuts } from './process-cuts.ts'

const { values } = parseArgs({
  options: {
    cuts: { type: 'string', default: '10000' },
    'cuts-per-kill': { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    minutes: { type: 'string', default: '60' },
  },
})
const report = await runProcessCuts({
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
