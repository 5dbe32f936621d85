/** The periodic snapshots of a member: one at a time, and none that would bring back what the log has dropped. */
import type { Appointment } from '@quorate/consensus'
import type { ReplicaOptions } from '../replica-options.ts'
import { SnapshotSchedule } from '../snapshot-schedule.ts'
import type { DiskHistory } from './disk-history.ts'
import type { MemberDriver } from './member-driver.ts'

export class MemberSnapshots {
  readonly #options: ReplicaOptions
  readonly #driver: MemberDriver
  readonly #history: DiskHistory
  #schedule: SnapshotSchedule
  #isDue = false
  #isTaking = false
  #turn: Appointment | undefined

  constructor(options: ReplicaOptions, driver: MemberDriver, history: DiskHistory) {
    this.#options = options
    this.#driver = driver
    this.#history = history
    this.#schedule = new SnapshotSchedule(options, {})
  }

  /** The history has been loaded for the first time. */
  started(): void {
    this.#schedule = new SnapshotSchedule(this.#options, this.#history.replayed)
  }

  txnApplied(lengthBytes: number): void {
    if (this.#schedule.isDueAfter(lengthBytes)) this.#isDue = true
  }

  /** Takes a snapshot if one is due: what is logged from now on goes to a new file. */
  takeDue(): void {
    if (!this.#isDue || this.#isTaking) return
    this.#isDue = false
    this.#isTaking = true
    this.#schedule.taken()
    this.#turn = this.#history.openImage((image) => {
      this.#turn = undefined
      this.#history.roll()
      this.#driver.writeSnapshot(image, () => {
        this.#isTaking = false
      })
    })
  }

  abort(): void {
    this.#turn?.cancel()
    this.#turn = undefined
    this.#isTaking = false
    this.#driver.abortSnapshot()
  }
}
