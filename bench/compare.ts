/**
 * Measures Apache ZooKeeper and Quorate, one server each.
 *
 *     npm run bench -- --repetitions 3
 *
 * Writes raw results to bench/results/ and prints the table of medians. Linux only (it reads /proc); Apache is Debian's
 * package `zookeeper` unless --apache-classpath says otherwise.
 */
import { parseArgs } from 'node:util'
import { BenchedServer } from './benched-server.ts'
import { type CaseOptions, measureLarge, measureSmall } from './cases.ts'
import { compareServers, comparisonOptions, type Part } from './comparison-run.ts'
import { renderComparison } from './comparison-table.ts'
import { resultsDirectory } from './results.ts'

const { values } = parseArgs({
  options: { ...comparisonOptions, parts: { type: 'string', default: 'small,large' } },
})
const options: CaseOptions = { seconds: Number(values.seconds), manyKeys: Number(values.keys) }
const snapCount = Number(values['snap-count'])

function partOf(measure: typeof measureSmall): Part {
  return async (kind, directory, report) => {
    const server = await BenchedServer.prepare(kind, directory, { snapCount })
    try {
      await measure(server, options, report)
    } catch (error) {
      process.stderr.write(`${kind.name} wrote: ${server.lastOutput()}\n`)
      throw error
    } finally {
      await server.stop()
    }
  }
}

const parts = Object.entries({ small: measureSmall, large: measureLarge })
  .filter(([name]) => values.parts.split(',').includes(name))
  .map(([, measure]) => partOf(measure))
const results = await compareServers(values, parts, resultsDirectory)
process.stdout.write(`${renderComparison(results.lines())}\n`)
