/** The README's tables of speed, out of the newest files of results. */
import { basename, join } from 'node:path'
import { renderComparison, renderEnsembles } from '../bench/comparison-table.ts'
import { newestResults, type ResultLine, resultsDirectory } from '../bench/results.ts'

export function renderBenchmarks(): string {
  return rendered('', renderComparison)
}

export function renderEnsembleBenchmarks(): string {
  return rendered('ensembles', renderEnsembles)
}

function rendered(folder: string, render: (lines: readonly ResultLine[]) => string): string {
  const results = newestResults(join(resultsDirectory, folder))
  if (results === undefined) return 'Not yet measured.'
  const path = join('bench/results', folder, basename(results.path))
  return `${render(results.lines())}\n\nRaw figures: [${path}](${path}).`
}
