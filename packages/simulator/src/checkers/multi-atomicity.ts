import type { MultiResult } from '@quorate/protocol'
import type { Operation } from '../client/operation.ts'
import { textOf } from '../client/operation-codec.ts'
import type { Observation } from '../history/observation.ts'
import type { Checker } from './checker.ts'
import { pairsRoot } from '../workload/pairs.ts'

/**
 * A multi takes effect as a whole or not at all.
 *
 * 1. The results of a multi are all of success or all of failure.
 * 2. A pair that is only ever written as a whole is equal in every multiRead, and in the tree of every server that comes back.
 */
export class MultiAtomicity implements Checker {
  readonly name = 'multi-atomicity'
  readonly reads: Checker['reads'] = ['replied', 'recovered', 'loaded', 'settled']

  observe(observation: Observation): string | undefined {
    switch (observation.type) {
      case 'replied': {
        const { client, operation, answer, zxid } = observation
        if (operation === undefined || answer.results === undefined) return undefined
        const problem = resultsProblem(operation, answer.results)
        return problem === undefined ? undefined : `${client} at ${zxid}: ${problem}`
      }
      case 'recovered':
      case 'loaded':
      case 'settled': {
        const { nodes } = observation.view
        for (const [path, { data }] of nodes) {
          if (!path.startsWith(`${pairsRoot}/left-`)) continue
          const other = nodes.get(path.replace('left', 'right'))
          if (other?.data !== data) return `${observation.server} has ${path} unlike its other half`
        }
        return undefined
      }
      default:
        return undefined
    }
  }
}

function resultsProblem(operation: Operation, results: readonly MultiResult[]): string | undefined {
  if (operation.type === 'multi') {
    const failed = results.filter(({ type }) => type === -1).length
    if (results.length !== operation.operations.length)
      return `a multi of ${operation.operations.length} operations has ${results.length} results`
    if (failed !== 0 && failed !== results.length)
      return `${failed} of ${results.length} results of a multi are failures`
    return undefined
  }
  const isPair =
    operation.type === 'multiRead' && operation.paths.every((path) => path.startsWith(pairsRoot))
  if (!isPair) return undefined
  const seen = results.map(seenBy)
  return seen.every((one) => one === seen[0])
    ? undefined
    : `a multiRead of a pair shows ${seen.join(' and ')}`
}

function seenBy(result: MultiResult): string {
  return result.type === 4 ? textOf(result.data) : `type ${result.type}`
}
