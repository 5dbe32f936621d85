/** Shares a set of items with others, and comes and goes. */
import { setPartitioner, type SetPartitioner, type Share } from '@quorate/recipes'
import { type JobParts, type MemberJob, memberRoot, type Rest, sessionOf } from './member-job.ts'

export const partitionPath: string = `${memberRoot}/partition`
export const partitionItems: readonly string[] = ['a', 'b', 'c', 'd']

const settleMs = 300
const workMostMs = 1_500
/** Longer than members must have been the same: who gives back late is waited for. */
const lingerMostMs = 800
const leaveChance = 0.2

export class PartitionJob implements MemberJob {
  readonly #parts: JobParts
  #share: Share | undefined
  #partitioner: SetPartitioner | undefined

  constructor(parts: JobParts) {
    this.#parts = parts
    parts.follow(() => this.#takePart())
  }

  rest(): Rest {
    const share = this.#share
    // Servers that refuse ephemeral nodes have no members.
    if (this.#partitioner?.members.includes(this.#parts.client) !== true) return {}
    return { items: share === undefined || share.ended.aborted ? [] : share.items }
  }

  async #takePart(): Promise<void> {
    const { client, random, zk, isStopping } = this.#parts
    const options = { items: partitionItems, identifier: client, settleMs }
    const partitioner: SetPartitioner = setPartitioner(zk, partitionPath, options)
    this.#partitioner = partitioner
    try {
      for await (const share of partitioner) {
        this.#taken(share)
        try {
          await this.#work(share)
        } finally {
          this.#ended()
        }
        if (random.chance(leaveChance) && !isStopping()) break
      }
    } finally {
      this.#partitioner = undefined
      await partitioner.close()
    }
  }

  #taken(share: Share): void {
    const { client, observe, zk } = this.#parts
    const session = sessionOf(this.#parts)
    if (session === undefined || share.ended.aborted) return
    this.#share = share
    const { items } = share
    observe({ type: 'shareTaken', client, session, items, zxid: zk.lastZxid })
  }

  #ended(): void {
    const { client, observe } = this.#parts
    this.#share = undefined
    observe({ type: 'shareEnded', client })
  }

  /** Until the share is over; sometimes not so long, and sometimes longer. */
  async #work({ ended }: Share): Promise<void> {
    const { random, pause, isStopping } = this.#parts
    const isOver = new Promise<void>((resolve) => {
      if (ended.aborted) resolve()
      else ended.addEventListener('abort', () => resolve())
    })
    await Promise.race([isOver, pause(random.below(workMostMs))])
    if (isStopping()) await isOver
    else if (!ended.aborted && random.chance(0.5)) await isOver
    else await pause(random.below(lingerMostMs))
  }
}
