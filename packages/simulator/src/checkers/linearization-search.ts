/**
 * The search for a linearization of a history, after Wing and Gong (1993), with Lowe's memory (2017) of what was tried in vain:
 * the same operations done, the same state; as in Porcupine, over a list of requests and replies from which operations are
 * lifted as they are put in order.
 *
 * 1. An operation takes effect at one moment between its request and its reply.
 * 2. One without a reply takes effect at any moment after its request, or never.
 * 3. The work is bounded; a search that was given up says so.
 */

export interface TimedOperation {
  /** Moments are numbers that grow; no two are equal. */
  readonly invokedAt: number
  /** Infinity: no reply came. */
  readonly returnedAt: number
}

/** What the operations do when they come one after another. */
export interface SequentialModel<State, Operation> {
  readonly initial: State
  /** The state afterwards; undefined when the operation's outcome cannot be what it was. */
  step(state: State, operation: Operation): { readonly state: State } | undefined
  /** Equal for equal states. */
  key(state: State): string
}

export type Verdict = 'yes' | 'no' | 'undecided'

/** Steps that are tried before the search gives up. */
const stepsMax = 400_000

/** A request or a reply in the order of time. */
interface Entry<Operation> {
  readonly operation: Operation
  readonly index: number
  /** Of a request that was answered. */
  readonly reply: Entry<Operation> | undefined
  readonly isReply: boolean
  before: Entry<Operation> | undefined
  next: Entry<Operation> | undefined
}

export function findLinearization<State, Operation extends TimedOperation>(
  model: SequentialModel<State, Operation>,
  history: readonly Operation[],
): Verdict {
  return new Search(model, history).run()
}

class Search<State, Operation extends TimedOperation> {
  readonly #model: SequentialModel<State, Operation>
  readonly #done: Uint32Array
  readonly #tried = new Set<string>()
  readonly #taken: { readonly entry: Entry<Operation>; readonly before: State }[] = []
  #first: Entry<Operation> | undefined
  #answeredLeft: number

  constructor(model: SequentialModel<State, Operation>, history: readonly Operation[]) {
    this.#model = model
    this.#done = new Uint32Array((history.length + 31) >> 5)
    this.#first = listOf(history)
    this.#answeredLeft = history.filter(({ returnedAt }) => returnedAt !== Infinity).length
  }

  run(): Verdict {
    let state = this.#model.initial
    let at = this.#first
    for (let steps = 0; this.#answeredLeft > 0; steps++) {
      if (steps === stepsMax) return 'undecided'
      if (at === undefined || at.isReply) {
        // It is answered here and could not be put before: what was taken last was wrong.
        const last = this.#taken.pop()
        if (last === undefined) return 'no'
        this.#putBack(last.entry)
        state = last.before
        at = last.entry.next
        continue
      }
      const after = this.#model.step(state, at.operation)
      if (after === undefined || !this.#isNew(at, after.state)) {
        at = at.next
        continue
      }
      this.#taken.push({ entry: at, before: state })
      this.#lift(at)
      state = after.state
      at = this.#first
    }
    return 'yes'
  }

  /** Whether this was not tried before: these operations done, this state reached. */
  #isNew({ index }: Entry<Operation>, state: State): boolean {
    this.#flip(index)
    const key = `${this.#done.join(' ')} ${this.#model.key(state)}`
    this.#flip(index)
    if (this.#tried.has(key)) return false
    this.#tried.add(key)
    return true
  }

  #flip(index: number): void {
    this.#done[index >> 5]! ^= 1 << (index & 31)
  }

  #lift(entry: Entry<Operation>): void {
    this.#flip(entry.index)
    this.#unlink(entry)
    if (entry.reply === undefined) return
    this.#unlink(entry.reply)
    this.#answeredLeft--
  }

  #putBack(entry: Entry<Operation>): void {
    this.#flip(entry.index)
    if (entry.reply !== undefined) {
      this.#link(entry.reply)
      this.#answeredLeft++
    }
    this.#link(entry)
  }

  #unlink(entry: Entry<Operation>): void {
    if (entry.before === undefined) this.#first = entry.next
    else entry.before.next = entry.next
    if (entry.next !== undefined) entry.next.before = entry.before
  }

  /** Undoes the last {@link #unlink}. */
  #link(entry: Entry<Operation>): void {
    if (entry.before === undefined) this.#first = entry
    else entry.before.next = entry
    if (entry.next !== undefined) entry.next.before = entry
  }
}

/** Requests and replies in the order of time, linked. */
function listOf<Operation extends TimedOperation>(
  history: readonly Operation[],
): Entry<Operation> | undefined {
  const moments: { readonly at: number; readonly entry: Entry<Operation> }[] = []
  for (const [index, operation] of history.entries()) {
    const { invokedAt, returnedAt } = operation
    const links = { before: undefined, next: undefined }
    let reply: Entry<Operation> | undefined
    if (returnedAt !== Infinity) {
      reply = { operation, index, reply: undefined, isReply: true, ...links }
      moments.push({ at: returnedAt, entry: reply })
    }
    moments.push({ at: invokedAt, entry: { operation, index, reply, isReply: false, ...links } })
  }
  // Requests and replies of one moment overlap.
  moments.sort((a, b) => a.at - b.at || Number(a.entry.isReply) - Number(b.entry.isReply))
  for (const [i, { entry }] of moments.entries()) {
    entry.before = moments[i - 1]?.entry
    entry.next = moments[i + 1]?.entry
  }
  return moments[0]?.entry
}
