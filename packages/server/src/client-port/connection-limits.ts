/** Counts connections, in all and by address, against their limits. */
export class ConnectionLimits {
  readonly #countsByAddress = new Map<string, number>()
  readonly #maxByAddress: number
  readonly #maxTotal: number
  #total = 0

  /** @param options limits; 0 stands for none */
  constructor(options: { readonly maxByAddress: number; readonly maxTotal: number }) {
    this.#maxByAddress = options.maxByAddress
    this.#maxTotal = options.maxTotal
  }

  get total(): number {
    return this.#total
  }

  /** Counts a connection, or names the key whose limit it would exceed. */
  admit(address: string): 'admitted' | 'maxClientCnxns' | 'maxCnxns' {
    const count = this.#countsByAddress.get(address) ?? 0
    if (this.#maxTotal > 0 && this.#total >= this.#maxTotal) return 'maxCnxns'
    if (this.#maxByAddress > 0 && count >= this.#maxByAddress) return 'maxClientCnxns'
    this.#countsByAddress.set(address, count + 1)
    this.#total++
    return 'admitted'
  }

  release(address: string): void {
    const count = this.#countsByAddress.get(address)!
    if (count === 1) this.#countsByAddress.delete(address)
    else this.#countsByAddress.set(address, count - 1)
    this.#total--
  }
}
