/** Gives signs of life, and looks for those of others. */
import { type FailureDetector, failureDetector, heartbeat } from '@quorate/recipes'
import { type JobParts, type MemberJob, memberRoot, type Rest } from './member-job.ts'

export const beatsPath: string = `${memberRoot}/beats`
const intervalMs = 400

export class DetectorJob implements MemberJob {
  readonly #detector: FailureDetector

  constructor({ client, observe, zk }: JobParts) {
    const path = `${beatsPath}/${client}`
    observe({ type: 'nodeWanted', client, path, value: undefined, isEphemeral: true })
    heartbeat(zk, beatsPath, { id: client, intervalMs })
    this.#detector = failureDetector(zk, beatsPath)
  }

  /** Those who are suspected are not shown: when nothing happens for a while nobody is. */
  rest(): Rest {
    const alive = [...this.#detector.members].filter(([, status]) => status === 'alive')
    return {
      parent: beatsPath,
      values: new Map(alive.map(([id]) => [`${beatsPath}/${id}`, undefined])),
    }
  }
}
