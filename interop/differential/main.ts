/**
 * Compares our server with Apache ZooKeeper under random operations.
 *
 *     npm run interop:differential -- --operations 20000 --seed 1
 *     npm run interop:differential -- --subject apache          (Apache against itself: must show nothing)
 */
import { parseArgs } from 'node:util'
import { runDifferential } from './run.ts'

const { values } = parseArgs({
  options: {
    operations: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '1' },
    subject: { type: 'string', default: 'quorate' },
    configuration: { type: 'string' },
    round: { type: 'string' },
    differences: { type: 'string', default: '5' },
    shrink: { type: 'string', default: 'yes' },
  },
})

if (values.subject !== 'quorate' && values.subject !== 'apache')
  throw new Error(`--subject is ${values.subject}; quorate or apache is expected`)

const started = performance.now()
const result = await runDifferential({
  seed: Number(values.seed),
  operations: Number(values.operations),
  subject: values.subject,
  ...(values.configuration === undefined ? {} : { configuration: values.configuration }),
  ...(values.round === undefined ? {} : { round: Number(values.round) }),
  differenceCountMax: Number(values.differences),
  shrinks: values.shrink === 'yes',
  print: (line) => console.log(line),
})
const seconds = (performance.now() - started) / 1000
console.log(result.coverage.table())
console.log()
for (const [id, count] of result.usesByIntendedId) console.log(`intended: ${id} ${count}`)
const missing = result.missingCells
if (missing.length > 0) console.log(`reachable but not reached: ${missing.join(' · ')}`)
console.log(
  `${result.operationCount} operations in ${seconds.toFixed(1)} s, seed ${values.seed}, ${result.differences.length} differences`,
)
process.exitCode = result.differences.length === 0 && missing.length === 0 ? 0 : 1
