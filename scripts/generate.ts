/**
 * Writes the generated parts of the documentation.
 *
 *     npm run generate               writes what has changed
 *     npm run generate -- --check    writes nothing, exits with 1 when something is stale
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { replaceRegion } from './generated-region.ts'
import { generatedRegions } from './generated-regions.ts'
import { readText, rootDirectory } from './repository.ts'

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } })

let staleCount = 0
for (const { page, name, render } of generatedRegions) {
  const text = readText(page)
  const wanted = replaceRegion(text, name, render())
  if (text === wanted) continue
  staleCount++
  if (!values.check) writeFileSync(join(rootDirectory, page), wanted)
  process.stdout.write(`${page}: ${name} ${values.check ? 'is stale' : 'was written'}\n`)
}
if (values.check && staleCount > 0) process.exitCode = 1
