import type { Observation } from '../history/observation.ts'
import type { Checker } from './checker.ts'

/**
 * Servers agree on who belongs to the ensemble.
 *
 * 1. A membership's version stands for one text on all servers; only the first one, version 0, may differ, as servers that
 *    wait to join have a line of their own.
 * 2. Versions grow on each server, except that a restart may go back to what was durable, and a lost disk to the beginning.
 */
export class Memberships implements Checker {
  readonly name = 'memberships'
  readonly #texts = new Map<string, { readonly server: string; readonly text: string }>()
  readonly #versions = new Map<string, number>()

  observe(observation: Observation): string | undefined {
    if (observation.type === 'serverEnded') this.#versions.delete(observation.server)
    if (observation.type !== 'membershipChanged') return undefined
    const { server, text } = observation
    const version = /^version=([0-9a-f]+)$/m.exec(text)?.[1]
    if (version === undefined) return `${server} has a membership without a version: ${text}`
    const before = this.#versions.get(server) ?? 0
    const now = Number.parseInt(version, 16)
    this.#versions.set(server, now)
    if (now < before)
      return `${server} goes back from membership ${before.toString(16)} to ${version}`
    const known = this.#texts.get(version)
    if (known === undefined) this.#texts.set(version, { server, text })
    return known === undefined || now === 0 || known.text === text
      ? undefined
      : `${server} has another membership ${version} than ${known.server}: ${text}`
  }
}
