/** A Stat as zkCli prints it. */
import type { Stat } from '@quorate/client'

export function statLines(stat: Stat): readonly string[] {
  return [
    `cZxid = ${hex(stat.czxid)}`,
    `ctime = ${dateText(stat.ctime)}`,
    `mZxid = ${hex(stat.mzxid)}`,
    `mtime = ${dateText(stat.mtime)}`,
    `pZxid = ${hex(stat.pzxid)}`,
    `cversion = ${stat.cversion}`,
    `dataVersion = ${stat.version}`,
    `aclVersion = ${stat.aversion}`,
    `ephemeralOwner = ${hex(stat.ephemeralOwner)}`,
    `dataLength = ${stat.dataLength}`,
    `numChildren = ${stat.numChildren}`,
  ]
}

/** Java's Date.toString: `Sun Nov 22 15:39:09 UTC 2026`. */
export function dateText(timeMs: number, timeZone?: string): string {
  const parts = new Map(
    dateFormat(timeZone)
      .formatToParts(timeMs)
      .map(({ type, value }) => [type, value]),
  )
  const date = ['weekday', 'month', 'day'] as const
  const time = ['hour', 'minute', 'second'] as const
  const join = (names: readonly Intl.DateTimeFormatPartTypes[], separator: string): string =>
    names.map((name) => parts.get(name)).join(separator)
  return [join(date, ' '), join(time, ':'), join(['timeZoneName', 'year'], ' ')].join(' ')
}

const dateFormatByZone = new Map<string | undefined, Intl.DateTimeFormat>()

/** Kept, since making one takes longer than formatting a hundred dates. */
function dateFormat(timeZone: string | undefined): Intl.DateTimeFormat {
  const known = dateFormatByZone.get(timeZone)
  if (known !== undefined) return known
  const format = new Intl.DateTimeFormat('en-US', {
    ...(timeZone === undefined ? {} : { timeZone }),
    weekday: 'short',
    month: 'short',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
    timeZoneName: 'short',
    year: 'numeric',
  })
  dateFormatByZone.set(timeZone, format)
  return format
}

function hex(value: number | bigint): string {
  return `0x${BigInt.asUintN(64, BigInt(value)).toString(16)}`
}
