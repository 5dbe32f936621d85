/** Some clients, in some runs, do little but ask for reads that must not be stale: nothing keeps them waiting for a write of their own. */
import type { Answer, Operation } from '../client/operation.ts'
import type { Prng } from '../prng.ts'
import type { Workload } from './workload.ts'

/** Which part of the clients they are. */
const parts = [0, 0, 0.2, 0.5, 0.8]
/** How often such a one asks for something else. */
const otherChance = 0.05

export class Readers implements Workload {
  readonly #random: Prng
  readonly #reads: Workload
  readonly #others: Workload
  readonly #part: number
  readonly #isReader = new Map<string, boolean>()
  /** Reads of theirs that are not answered yet. */
  readonly #isRead = new Set<Operation>()

  constructor(random: Prng, workloads: { readonly reads: Workload; readonly others: Workload }) {
    this.#random = random
    this.#reads = workloads.reads
    this.#others = workloads.others
    this.#part = random.pick(parts)
  }

  next(client: string): Operation | undefined {
    let isReader = this.#isReader.get(client)
    if (isReader === undefined)
      this.#isReader.set(client, (isReader = this.#random.chance(this.#part)))
    if (!isReader || this.#random.chance(otherChance)) return this.#others.next(client)
    const read = this.#reads.next(client)
    if (read !== undefined) this.#isRead.add(read)
    return read
  }

  answered(operation: Operation, err: number, answer: Answer): void {
    const asker = this.#isRead.delete(operation) ? this.#reads : this.#others
    asker.answered(operation, err, answer)
  }
}
