/**
 * The text in quota nodes (StatsTrack in Apache ZooKeeper): limits in `zookeeper_limits`, what is used in `zookeeper_stats`.
 *
 *     text  = pair { ("," | ";")+ pair }
 *     pair  = name "=" number { "=" anything }
 *
 * It is written as `count=N,bytes=M`, and with hard limits as `count=N,bytes=M=;byteHardLimit=X;countHardLimit=Y`: the stray
 * "=" makes readers of before 3.7 stop there, who would fail on names that they do not know.
 */

/** What one text holds. −1 is no limit, or no number. */
export interface QuotaText {
  readonly count: number
  readonly bytes: number
  /** Undefined: the text does not name it, which means −1. */
  readonly countHardLimit?: number | undefined
  readonly byteHardLimit?: number | undefined
}

/**
 * Reads what StatsTrack reads; undefined for what it throws at. Names that are not known are dropped. A number above 2^53
 * loses its lowest digits.
 */
export function parseQuotaText(text: string): QuotaText | undefined {
  const numbersByName = new Map<string, number>()
  for (const pair of splitAsJava(text, /[,;]+/)) {
    const [name, digits] = splitAsJava(pair, '=')
    const number = digits === '' ? -1 : parseLong(digits)
    if (name === undefined || number === undefined) return undefined
    numbersByName.set(name, number)
  }
  return {
    count: numbersByName.get('count') ?? -1,
    bytes: numbersByName.get('bytes') ?? -1,
    countHardLimit: numbersByName.get('countHardLimit'),
    byteHardLimit: numbersByName.get('byteHardLimit'),
  }
}

export function formatQuotaText(quota: QuotaText): string {
  const { count, bytes, countHardLimit, byteHardLimit } = quota
  const soft = `count=${count},bytes=${bytes}`
  if (countHardLimit === undefined && byteHardLimit === undefined) return soft
  const byteLimit = byteHardLimit === undefined ? '' : `;byteHardLimit=${byteHardLimit}`
  const countLimit = countHardLimit === undefined ? '' : `;countHardLimit=${countHardLimit}`
  return `${soft}=${byteLimit}${countLimit}`
}

/** Parts without the empty ones at the end. */
function splitAsJava(text: string, separator: string | RegExp): readonly string[] {
  const parts = text.split(separator)
  const last = parts.findLastIndex((part) => part !== '')
  return parts.slice(0, last + 1)
}

function parseLong(digits: string | undefined): number | undefined {
  if (digits === undefined || !/^[+-]?\d+$/.test(digits)) return undefined
  const number = Number(digits)
  return Math.abs(number) <= 2 ** 63 ? number : undefined
}
