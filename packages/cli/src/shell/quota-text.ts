/** Quota limits and statistics, as the nodes below /zookeeper/quota hold them (StatsTrack). */
export type QuotaKey = 'count' | 'bytes' | 'countHardLimit' | 'byteHardLimit'

export const quotaRoot = '/zookeeper/quota'
export const limitsNode = 'zookeeper_limits'
export const statsNode = 'zookeeper_stats'

export class QuotaText {
  readonly #values: Map<string, number>

  constructor(text = '') {
    this.#values = new Map(
      text
        .split(/[,;]+/)
        .filter((pair) => pair.includes('='))
        .map((pair) => {
          const [key, value] = pair.split('=')
          return [key!, value === '' ? -1 : Number(value)]
        }),
    )
  }

  /** −1 is unlimited. */
  get(key: QuotaKey): number {
    return this.#values.get(key) ?? -1
  }

  set(key: QuotaKey, value: number): this {
    this.#values.set(key, value)
    return this
  }

  /** `count=…,bytes=…`; what later versions added follows an extra '=', which makes older parsers ignore it. */
  toString(): string {
    const added = [...this.#values.keys()].filter((key) => key !== 'count' && key !== 'bytes')
    const extra = added.toSorted().map((key) => `;${key}=${this.#values.get(key)}`)
    const base = `count=${this.get('count')},bytes=${this.get('bytes')}`
    return extra.length === 0 ? base : `${base}=${extra.join('')}`
  }
}
