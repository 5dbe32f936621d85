/** The README's table of speed, out of the newest file of results. */
import { basename } from 'node:path'
import { renderComparison } from '../bench/comparison-table.ts'
import { newestResults } from '../bench/results.ts'

export function renderBenchmarks(): string {
  const results = newestResults()
  if (results === undefined) return 'Not yet measured.'
  const name = basename(results.path)
  return `${renderComparison(results.lines())}\n\nRaw figures: [bench/results/${name}](bench/results/${name}).`
}
