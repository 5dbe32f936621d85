/** All parts of the documentation that are made from the source. */
import { renderDecisionIndex } from './generate-adr-index.ts'
import { renderBenchmarks, renderEnsembleBenchmarks } from './generate-benchmarks.ts'
import { renderCompatibility } from './generate-compatibility.ts'
import { renderConfiguration } from './generate-configuration.ts'
import { renderErrors } from './generate-errors.ts'
import { renderRooms } from './generate-rooms.ts'
import type { GeneratedRegion } from './generated-region.ts'

export const generatedRegions: readonly GeneratedRegion[] = [
  { page: 'README.md', name: 'speed', render: renderBenchmarks },
  { page: 'README.md', name: 'speed of ensembles', render: renderEnsembleBenchmarks },
  { page: 'docs/architecture.md', name: 'rooms', render: renderRooms },
  { page: 'docs/adr/README.md', name: 'decisions', render: renderDecisionIndex },
  { page: 'docs/reference/compatibility.md', name: 'differences', render: renderCompatibility },
  { page: 'docs/reference/configuration.md', name: 'keys', render: renderConfiguration },
  { page: 'docs/reference/errors.md', name: 'error codes', render: renderErrors },
]
