/**
 * Measures Apache ZooKeeper and Quorate, ensembles of three on one machine.
 *
 *     npm run bench:ensembles -- --repetitions 3
 *
 * Writes raw results to bench/results/ensembles/ and prints the table of medians. Linux only (it reads /proc); Apache is
 * Debian's package `zookeeper` unless --apache-classpath says otherwise.
 */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { BenchedEnsemble } from './benched-ensemble.ts'
import { compareServers, comparisonOptions, type Part } from './comparison-run.ts'
import { renderEnsembles } from './comparison-table.ts'
import {
  type EnsembleMeasure,
  type EnsembleOptions,
  measureFreeze,
  measureJoin,
  measureKill,
  measureLoads,
} from './ensemble-cases.ts'
import { resultsDirectory } from './results.ts'

const { values } = parseArgs({
  options: {
    ...comparisonOptions,
    'warm-up': { type: 'string', default: '60' },
    parts: { type: 'string', default: 'loads,kill,freeze,join' },
  },
})
const options: EnsembleOptions = {
  seconds: Number(values.seconds),
  warmUpSeconds: Number(values['warm-up']),
  manyKeys: Number(values.keys),
}

function partOf(measure: EnsembleMeasure): Part {
  return async (kind, directory, report) => {
    const ensemble = await BenchedEnsemble.prepare(kind, directory, Number(values['snap-count']))
    try {
      await measure(ensemble, options, report)
    } catch (error) {
      process.stderr.write(`${kind.name} wrote: ${ensemble.lastOutput()}\n`)
      throw error
    } finally {
      await ensemble.stop()
    }
  }
}

const measures = {
  loads: measureLoads,
  kill: measureKill,
  freeze: measureFreeze,
  join: measureJoin,
}
const parts = Object.entries(measures)
  .filter(([name]) => values.parts.split(',').includes(name))
  .map(([, measure]) => partOf(measure))
const results = await compareServers(values, parts, join(resultsDirectory, 'ensembles'))
process.stdout.write(`${renderEnsembles(results.lines())}\n`)
