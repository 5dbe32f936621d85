import type { Answer, Operation } from '../client/operation.ts'
import type { Prng } from '../prng.ts'
import { Members } from './members.ts'
import { Pairs } from './pairs.ts'
import { Queue } from './queue.ts'
import { Registers } from './registers.ts'
import { SessionLife } from './session-life.ts'
import type { Workload } from './workload.ts'

/** All workloads at once, each as often as its weight says. */
export class MixedWorkload implements Workload {
  readonly #random: Prng
  readonly #choices: readonly Workload[]
  readonly #asker = new WeakMap<Operation, Workload>()

  constructor(random: Prng, weights: readonly (readonly [Workload, number])[]) {
    this.#random = random
    this.#choices = weights.flatMap(([workload, weight]) =>
      Array.from({ length: weight }, () => workload),
    )
  }

  next(client: string): Operation | undefined {
    const workload = this.#random.pick(this.#choices)
    const operation = workload.next(client)
    if (operation !== undefined) this.#asker.set(operation, workload)
    return operation
  }

  answered(operation: Operation, err: number, answer: Answer): void {
    this.#asker.get(operation)?.answered(operation, err, answer)
  }
}

export function standardWorkload(random: Prng): Workload {
  return new MixedWorkload(random.fork('mix'), [
    [new Registers(random.fork('registers')), 8],
    [new Queue(random.fork('queue')), 4],
    [new Members(random.fork('members')), 5],
    [new Pairs(random.fork('pairs')), 4],
    [new SessionLife(random.fork('sessions')), 1],
  ])
}
