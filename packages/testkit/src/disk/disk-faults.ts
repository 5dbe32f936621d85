/** What is wrong with the disk of a server under test, from now on. */
export class DiskFaults {
  /** By how much every sync is late, ms. */
  slowMs = 0
  /** The system's code of what writes and syncs fail with; undefined: they don't. */
  failure: string | undefined

  mend(): void {
    this.slowMs = 0
    this.failure = undefined
  }
}
