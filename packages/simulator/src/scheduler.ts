/**
 * The one order of everything that happens, and the virtual clock.
 *
 * 1. Nothing happens but by an event that was scheduled here: messages, completions of the disk, timers, faults, restarts.
 * 2. Events run by time, and those of one time in the order in which they were scheduled.
 * 3. Time stands still while an event runs.
 * 4. What an event leaves to its end ({@link Scheduler.atEventEnd}) belongs to it: nothing comes between.
 */
import type { EventLog, Part } from './event-log.ts'

/** Something that will happen, unless it is cancelled. */
export interface Appointment {
  cancel(): void
}

export type Cause = 'timer' | 'input'

/** What an event has to pass to reach its process: a host's. */
export interface Gate {
  pass(life: number, cause: Cause, event: Event): void
}

/** What is scheduled: who it happens to, what the event log says when it does, and its doing. */
export interface Event {
  readonly actor: string
  readonly what: string
  readonly a: Part | undefined
  readonly b: Part | undefined
  readonly run: () => void
  readonly isCancelled: boolean
}

class Entry implements Appointment, Event {
  readonly atUs: number
  readonly sequence: number
  readonly actor: string
  readonly what: string
  readonly run: () => void
  readonly a: Part | undefined
  readonly b: Part | undefined
  gate: Gate | undefined = undefined
  life = 0
  cause: Cause = 'input'
  isCancelled = false

  constructor(
    atUs: number,
    sequence: number,
    actor: string,
    what: string,
    run: () => void,
    a: Part | undefined,
    b: Part | undefined,
  ) {
    this.atUs = atUs
    this.sequence = sequence
    this.actor = actor
    this.what = what
    this.run = run
    this.a = a
    this.b = b
  }

  cancel(): void {
    this.isCancelled = true
  }
}

export class Scheduler {
  readonly #log: EventLog
  /** A binary heap: the next entry first. */
  readonly #heap: Entry[] = []
  #sequence = 0
  #nowUs = 0
  #step = 0
  #leftToEnd: (() => void)[] = []

  constructor(log: EventLog) {
    this.#log = log
  }

  /** Virtual microseconds since the start. */
  get nowUs(): number {
    return this.#nowUs
  }

  /** Events that have run. */
  get step(): number {
    return this.#step
  }

  /**
   * @param actor who it happens to, as the event log names it
   * @param what said in the event log when it happens, with a `%` for each part
   */
  after(
    delayUs: number,
    actor: string,
    what: string,
    run: () => void,
    a?: Part,
    b?: Part,
  ): Appointment {
    return this.#push(delayUs, actor, what, run, a, b)
  }

  /** The same for what has to pass a gate when its time has come. */
  afterAtGate(
    delayUs: number,
    through: { readonly gate: Gate; readonly life: number; readonly cause: Cause },
    actor: string,
    what: string,
    run: () => void,
    a?: Part,
    b?: Part,
  ): Appointment {
    const entry = this.#push(delayUs, actor, what, run, a, b)
    entry.gate = through.gate
    entry.life = through.life
    entry.cause = through.cause
    return entry
  }

  /** A line in the event log about what happens within the present event. */
  note(actor: string, what: string, a?: Part, b?: Part, c?: Part): void {
    this.#log.write(this.#nowUs, this.#step, actor, true, what, a, b, c)
  }

  /** Puts it behind all else of the present event. What is left between two events comes before the next one. */
  atEventEnd(run: () => void): void {
    this.#leftToEnd.push(run)
  }

  /** Runs the next event. Returns false when there is none. */
  runNext(): boolean {
    this.#endEvent()
    for (;;) {
      const entry = this.#pop()
      if (entry === undefined) return false
      if (entry.isCancelled) continue
      this.#nowUs = entry.atUs
      this.#step++
      this.#log.write(this.#nowUs, this.#step, entry.actor, false, entry.what, entry.a, entry.b)
      if (entry.gate === undefined) entry.run()
      else entry.gate.pass(entry.life, entry.cause, entry)
      this.#endEvent()
      return true
    }
  }

  #endEvent(): void {
    while (this.#leftToEnd.length > 0) {
      const left = this.#leftToEnd
      this.#leftToEnd = []
      for (const run of left) run()
    }
  }

  #push(
    delayUs: number,
    actor: string,
    what: string,
    run: () => void,
    a: Part | undefined,
    b: Part | undefined,
  ): Entry {
    const atUs = this.#nowUs + Math.max(0, Math.floor(delayUs))
    const entry = new Entry(atUs, this.#sequence++, actor, what, run, a, b)
    this.#heap.push(entry)
    this.#siftUp(this.#heap.length - 1)
    return entry
  }

  #pop(): Entry | undefined {
    const first = this.#heap[0]
    const last = this.#heap.pop()
    if (first === undefined || last === undefined || first === last) return first
    this.#siftDown(last)
    return first
  }

  #siftUp(from: number): void {
    const heap = this.#heap
    const entry = heap[from]!
    let at = from
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!isBefore(entry, heap[parent]!)) break
      heap[at] = heap[parent]!
      at = parent
    }
    heap[at] = entry
  }

  /** Puts the entry in the place of the first one, and from there to where it belongs. */
  #siftDown(entry: Entry): void {
    const heap = this.#heap
    const { length } = heap
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= length) break
      if (child + 1 < length && isBefore(heap[child + 1]!, heap[child]!)) child++
      if (!isBefore(heap[child]!, entry)) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = entry
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.atUs < b.atUs || (a.atUs === b.atUs && a.sequence < b.sequence)
}
