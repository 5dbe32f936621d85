/**
 * The search for a linearization of one register's history, after Wing and Gong (1993), with Lowe's memory of states that were
 * tried in vain: the same operations done, the same register.
 *
 * An operation without an outcome may have happened at any time after its request, or never.
 */
import { ErrorCode } from '@quorate/protocol'

export type RegisterEffect =
  | { readonly type: 'create'; readonly data: string }
  /** With version −1 whatever the version is. */
  | { readonly type: 'write'; readonly data: string; readonly version: number }
  | { readonly type: 'read' }

export interface RegisterOperation {
  readonly effect: RegisterEffect
  /** Moments are numbers that grow. */
  readonly invokedAt: number
  /** Infinity: no reply came. */
  readonly returnedAt: number
  readonly outcome:
    | {
        readonly err: number
        readonly version: number | undefined
        readonly data: string | undefined
      }
    | undefined
}

/** A register that is there; before its creation it is undefined. */
interface Register {
  readonly data: string
  readonly version: number
}

/** States that are tried before the search gives up. */
const statesMax = 20_000

export function isLinearizable(history: readonly RegisterOperation[]): 'yes' | 'no' | 'undecided' {
  const search = new Search(history)
  const isFound = search.from(0n, undefined)
  if (search.isExhausted) return 'undecided'
  return isFound ? 'yes' : 'no'
}

class Search {
  readonly #history: readonly RegisterOperation[]
  readonly #triedInVain = new Set<string>()

  constructor(history: readonly RegisterOperation[]) {
    this.#history = history
  }

  get isExhausted(): boolean {
    return this.#triedInVain.size > statesMax
  }

  /** @param done one bit for each operation that has happened */
  from(done: bigint, register: Register | undefined): boolean {
    const left = this.#history
      .map((operation, at) => ({ operation, bit: 1n << BigInt(at) }))
      .filter(({ bit }) => (done & bit) === 0n)
    if (left.every(({ operation }) => operation.outcome === undefined)) return true
    const key = `${done.toString(36)} ${register?.version} ${register?.data}`
    if (this.#triedInVain.has(key)) return false
    const firstReturn = Math.min(...left.map(({ operation }) => operation.returnedAt))
    for (const { operation, bit } of left) {
      // Whatever was asked for after another's reply happened after that other.
      if (operation.invokedAt > firstReturn || this.isExhausted) continue
      const step = take(register, operation)
      if (step.isPossible && this.from(done | bit, step.register)) return true
    }
    this.#triedInVain.add(key)
    return false
  }
}

interface TakenStep {
  readonly isPossible: boolean
  readonly register: Register | undefined
}

const impossible: TakenStep = { isPossible: false, register: undefined }

/** The register after the operation, if its outcome is what the register gives. */
function take(register: Register | undefined, operation: RegisterOperation): TakenStep {
  const { effect, outcome } = operation
  const { err, after } = apply(register, effect)
  if (outcome === undefined) return { isPossible: true, register: after }
  const isAsTold =
    outcome.err === err &&
    (outcome.version === undefined || outcome.version === after?.version) &&
    (outcome.data === undefined || outcome.data === after?.data)
  return isAsTold ? { isPossible: true, register: after } : impossible
}

function apply(
  register: Register | undefined,
  effect: RegisterEffect,
): { readonly err: number; readonly after: Register | undefined } {
  if (effect.type === 'create') {
    return register === undefined
      ? { err: ErrorCode.Ok, after: { data: effect.data, version: 0 } }
      : { err: ErrorCode.NodeExists, after: register }
  }
  if (register === undefined) return { err: ErrorCode.NoNode, after: undefined }
  if (effect.type === 'read') return { err: ErrorCode.Ok, after: register }
  if (effect.version !== -1 && effect.version !== register.version)
    return { err: ErrorCode.BadVersion, after: register }
  return { err: ErrorCode.Ok, after: { data: effect.data, version: register.version + 1 } }
}
