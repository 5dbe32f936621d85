/**
 * How long a member that died stays down: a quarter of a second at first, since the others wait for it, then twice as
 * long each time, so that a member that cannot run takes no processor from those that can.
 */

const firstMs = 250
const maxMs = 30_000

/** A member that has served for so long counts as sound again. */
const soundMs = 30_000

export class RestartDelay {
  #nextMs = firstMs

  /** @param servedMs how long the member has served before it died */
  after(servedMs: number): number {
    if (servedMs >= soundMs) this.#nextMs = firstMs
    const delayMs = this.#nextMs
    this.#nextMs = Math.min(maxMs, delayMs * 2)
    return delayMs
  }
}
