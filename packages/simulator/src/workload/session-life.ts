/** What keeps sessions coming and going: persistent watches, syncs, and now and then an orderly end. */
import type { Operation } from '../client/operation.ts'
import type { Prng } from '../prng.ts'
import { membersRoot } from './members.ts'
import { queueRoot } from './queue.ts'
import { registersRoot } from './registers.ts'
import type { Workload } from './workload.ts'

export class SessionLife implements Workload {
  readonly #random: Prng

  constructor(random: Prng) {
    this.#random = random
  }

  next(): Operation | undefined {
    const kind = this.#random.next()
    const path = this.#random.pick([registersRoot, membersRoot, queueRoot])
    if (kind < 0.15) return { type: 'closeSession' }
    if (kind < 0.5) return { type: 'sync', path }
    return { type: 'addWatch', path, isRecursive: kind < 0.75 }
  }

  answered(): void {}
}
