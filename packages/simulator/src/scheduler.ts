/**
 * The one order of everything that happens, and the virtual clock.
 *
 * 1. Nothing happens but by an event that was scheduled here: messages, completions of the disk, timers, faults, restarts.
 * 2. Events run by time, and those of one time in the order in which they were scheduled.
 * 3. Time stands still while an event runs.
 */
import type { EventLog } from './event-log.ts'

/** Something that will happen, unless it is cancelled. */
export interface Appointment {
  cancel(): void
}

interface Entry extends Appointment {
  readonly atUs: number
  readonly sequence: number
  readonly actor: string
  readonly what: string
  readonly run: () => void
  isCancelled: boolean
}

export class Scheduler {
  readonly #log: EventLog
  /** A binary heap: the next entry first. */
  readonly #heap: Entry[] = []
  #sequence = 0
  #nowUs = 0
  #step = 0

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
   * @param what said in the event log when it happens
   */
  after(delayUs: number, actor: string, what: string, run: () => void): Appointment {
    const entry: Entry = {
      atUs: this.#nowUs + Math.max(0, Math.floor(delayUs)),
      sequence: this.#sequence++,
      actor,
      what,
      run,
      isCancelled: false,
      cancel: () => {
        entry.isCancelled = true
      },
    }
    this.#heap.push(entry)
    this.#siftUp(this.#heap.length - 1)
    return entry
  }

  /** A line in the event log about what happens within the present event. */
  note(actor: string, what: string): void {
    this.#log.write(this.#nowUs, this.#step, actor, `  ${what}`)
  }

  /** Runs the next event. Returns false when there is none. */
  runNext(): boolean {
    for (;;) {
      const entry = this.#pop()
      if (entry === undefined) return false
      if (entry.isCancelled) continue
      this.#nowUs = entry.atUs
      this.#step++
      this.#log.write(this.#nowUs, this.#step, entry.actor, entry.what)
      entry.run()
      return true
    }
  }

  #pop(): Entry | undefined {
    const first = this.#heap[0]
    const last = this.#heap.pop()
    if (first === undefined || last === undefined || first === last) return first
    this.#heap[0] = last
    this.#siftDown()
    return first
  }

  #siftUp(from: number): void {
    const heap = this.#heap
    for (let at = from; at > 0;) {
      const parent = (at - 1) >> 1
      if (!isBefore(heap[at]!, heap[parent]!)) return
      swap(heap, at, parent)
      at = parent
    }
  }

  #siftDown(): void {
    const heap = this.#heap
    for (let at = 0; ;) {
      const left = 2 * at + 1
      const right = left + 1
      let least = at
      if (left < heap.length && isBefore(heap[left]!, heap[least]!)) least = left
      if (right < heap.length && isBefore(heap[right]!, heap[least]!)) least = right
      if (least === at) return
      swap(heap, at, least)
      at = least
    }
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.atUs < b.atUs || (a.atUs === b.atUs && a.sequence < b.sequence)
}

function swap(heap: Entry[], a: number, b: number): void {
  const entry = heap[a]!
  heap[a] = heap[b]!
  heap[b] = entry
}
