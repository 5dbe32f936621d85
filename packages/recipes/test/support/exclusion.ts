/** Watches over a critical section: how many are in it, and whether their tokens grow. */
export class Exclusion {
  readonly tokens: number[] = []
  mostInside = 0
  #insideCount = 0

  async visit(token: number): Promise<void> {
    this.#insideCount++
    this.mostInside = Math.max(this.mostInside, this.#insideCount)
    this.tokens.push(token)
    // Whoever else is let in comes in meanwhile.
    await new Promise((resolve) => setImmediate(resolve))
    this.#insideCount--
  }
}
