/** Gives signs of life, and looks for those of others. */
import { type FailureDetector, failureDetector, heartbeat } from '@quorate/recipes'
import { type JobParts, type MemberJob, memberRoot, type Rest } from './member-job.ts'

export const beatsPath: string = `${memberRoot}/beats`
const intervalMs = 400

export class DetectorJob implements MemberJob {
  readonly #parts: JobParts
  readonly #detector: FailureDetector

  constructor(parts: JobParts) {
    this.#parts = parts
    this.#detector = failureDetector(parts.zk, beatsPath)
    parts.follow(() => this.#giveSigns())
  }

  /** Those who are suspected are not shown: when nothing happens for a while nobody is. */
  rest(): Rest {
    const alive = [...this.#detector.members].filter(([, status]) => status === 'alive')
    return {
      parent: beatsPath,
      values: new Map(alive.map(([id]) => [`${beatsPath}/${id}`, undefined])),
    }
  }

  /** Rejects where servers refuse the node; otherwise it goes on as long as the client. */
  async #giveSigns(): Promise<void> {
    const { client, observe, zk } = this.#parts
    const path = `${beatsPath}/${client}`
    await using member = heartbeat(zk, beatsPath, { id: client, intervalMs })
    await member.ready()
    observe({ type: 'nodeWanted', client, path, value: undefined, isEphemeral: true })
    await new Promise<never>(() => {})
  }
}
