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

const kinds: Readonly<
  Record<string, { readonly weight: number; readonly create: (random: Prng) => Workload }>
> = {
  registers: { weight: 8, create: (random) => new Registers(random) },
  queue: { weight: 4, create: (random) => new Queue(random) },
  members: { weight: 5, create: (random) => new Members(random) },
  pairs: { weight: 4, create: (random) => new Pairs(random) },
  sessions: { weight: 1, create: (random) => new SessionLife(random) },
}

/** What {@link createWorkload} knows by name. */
export const workloadNames: readonly string[] = Object.keys(kinds)

/** All workloads at once, or the one of this name. */
export function createWorkload(random: Prng, name?: string): Workload {
  const chosen = Object.entries(kinds).filter(([kind]) => name === undefined || kind === name)
  if (chosen.length === 0) throw new Error(`there is no workload "${name}"`)
  return new MixedWorkload(
    random.fork('mix'),
    chosen.map(([kind, { weight, create }]) => [create(random.fork(kind)), weight] as const),
  )
}
