import type { Answer, Operation } from '../client/operation.ts'
import type { Prng } from '../prng.ts'
import { Barriers } from './barriers.ts'
import { Members } from './members.ts'
import { Pairs } from './pairs.ts'
import { Queue } from './queue.ts'
import { type ReconfigurationSettings, Reconfigurations } from './reconfigurations.ts'
import { Readers } from './readers.ts'
import { Registers } from './registers.ts'
import { Quotas } from './quotas.ts'
import { SessionLife } from './session-life.ts'
import { ShortLived } from './short-lived.ts'
import { Watchers } from './watchers.ts'
import type { Workload } from './workload.ts'

/** All workloads at once, each as often as its weight says. */
export class MixedWorkload implements Workload {
  readonly #random: Prng
  readonly #choices: readonly Workload[]
  /** Of operations that are not answered yet. (Weak keys cost the garbage collector more than the few that never are.) */
  readonly #asker = new Map<Operation, Workload>()

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
    const asker = this.#asker.get(operation)
    if (asker === undefined) return
    this.#asker.delete(operation)
    asker.answered(operation, err, answer)
  }
}

/** What workloads have to know of the world. */
export interface WorkloadParts {
  /** Undefined where there is no membership to change. */
  readonly reconfiguration?: ReconfigurationSettings | undefined
}

interface Kind {
  readonly weight: number
  readonly create: (
    random: Prng,
    parts: WorkloadParts & { readonly registers: Registers },
  ) => Workload | undefined
}

/** One workload is heavier in one run, another in the next. */
const shares = [1, 2, 2, 2, 6]

const kinds: Readonly<Record<string, Kind>> = {
  registers: {
    weight: 12,
    create: (random, { registers }) => registersAndBarriers(random, registers),
  },
  queue: { weight: 4, create: (random) => new Queue(random) },
  members: { weight: 5, create: (random) => new Members(random) },
  pairs: { weight: 4, create: (random) => new Pairs(random) },
  watches: { weight: 5, create: (random) => new Watchers(random) },
  quotas: { weight: 2, create: (random) => new Quotas(random) },
  'short-lived': { weight: 2, create: (random) => new ShortLived(random) },
  sessions: { weight: 1, create: (random) => new SessionLife(random) },
  reconfiguration: {
    weight: 1,
    create: (random, { reconfiguration }) =>
      reconfiguration === undefined ? undefined : new Reconfigurations(random, reconfiguration),
  },
}

function registersAndBarriers(random: Prng, registers: Registers): Workload {
  return new MixedWorkload(random.fork('mix'), [
    [registers, 2],
    [new Barriers(random.fork('barriers'), registers), 1],
  ])
}

/** What {@link createWorkload} knows by name. */
export const workloadNames: readonly string[] = Object.keys(kinds)

/** All workloads at once, each as heavy as the seed has it, or the one of this name. */
export function createWorkload(random: Prng, name?: string, parts: WorkloadParts = {}): Workload {
  const chosen: [Workload, number][] = []
  const drawn = random.fork('shares')
  const registers = new Registers(random.fork('values of registers'))
  for (const [kind, { weight, create }] of Object.entries(kinds)) {
    const share = weight * drawn.pick(shares)
    if (name !== undefined && kind !== name) continue
    const workload = create(random.fork(kind), { ...parts, registers })
    if (workload !== undefined) chosen.push([workload, share])
  }
  if (chosen.length === 0) throw new Error(`there is no workload "${name}" for these servers`)
  const others = new MixedWorkload(random.fork('mix'), chosen)
  if (name !== undefined) return others
  const reads = new Barriers(random.fork('readers'), registers)
  return new Readers(random.fork('who reads'), { reads, others })
}
