/** Which servers there are: drawn from the seed, as far as nobody has said. */
import type { Prng } from './prng.ts'

export interface Topology {
  /** One server without peers, which knows nothing of elections. */
  readonly isStandalone: boolean
  readonly voterCount: number
  readonly observerCount: number
  /** Servers that a reconfiguration may take in. */
  readonly spareCount: number
}

export type TopologyWish = { readonly [K in keyof Topology]?: Topology[K] | undefined }

/** Three voters are what most ensembles have, and what shows most. */
const voterCounts = [1, 3, 3, 3, 3, 5]
const observerCounts = [0, 0, 1, 1, 2]
const spareCounts = [0, 0, 1, 1, 2]

export function drawTopology(random: Prng, wish: TopologyWish): Topology {
  const drawn = {
    voterCount: random.pick(voterCounts),
    observerCount: random.pick(observerCounts),
    spareCount: random.pick(spareCounts),
  }
  if (wish.isStandalone === true)
    return { isStandalone: true, voterCount: 1, observerCount: 0, spareCount: 0 }
  return {
    isStandalone: false,
    voterCount: wish.voterCount ?? drawn.voterCount,
    observerCount: wish.observerCount ?? drawn.observerCount,
    spareCount: wish.spareCount ?? drawn.spareCount,
  }
}

/** As the report of a run shows it. */
export function describeTopology(topology: Topology): string {
  const { isStandalone, voterCount, observerCount, spareCount } = topology
  if (isStandalone) return 'standalone'
  const parts = [`${voterCount} voters`]
  if (observerCount > 0) parts.push(`${observerCount} observers`)
  if (spareCount > 0) parts.push(`${spareCount} spare`)
  return parts.join(', ')
}
