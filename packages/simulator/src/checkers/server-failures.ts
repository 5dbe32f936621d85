import type { Observation } from '../history/observation.ts'
import type { Checker } from './checker.ts'

/** What a disk that fails may do to a server. */
const allowedCodes: ReadonlySet<string> = new Set(['EIO', 'ENOSPC'])

/** A server ends because of its disk, and for no other reason; above all it never refuses what a crash left. */
export class ServerFailures implements Checker {
  readonly name = 'server-failures'
  readonly reads: Checker['reads'] = ['serverFailed']

  observe(observation: Observation): string | undefined {
    if (observation.type !== 'serverFailed' || allowedCodes.has(observation.code)) return undefined
    const { server, phase, code, message } = observation
    return `${server} failed while ${phase}, with ${code}: ${message}`
  }
}
