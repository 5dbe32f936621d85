/** Numbers and dates as Java prints them, since monitoring scripts parse what Apache's four-letter words print. */

/** As Double.toString: always with a decimal point, and in scientific notation below 10^-3 and from 10^7 on. */
export function javaDouble(value: number): string {
  if (value === 0) return '0.0'
  const size = Math.abs(value)
  if (size >= 1e-3 && size < 1e7) return Number.isInteger(value) ? `${value}.0` : String(value)
  const [mantissa, exponent] = value.toExponential().split('e') as [string, string]
  return `${mantissa.includes('.') ? mantissa : `${mantissa}.0`}E${Number(exponent)}`
}

/** Apache rounds averages half up to four decimals. */
export function javaAverage(value: number): string {
  return javaDouble(Math.round(value * 10_000) / 10_000)
}

/** As Date.toString in the local time zone: "Sun Nov 22 15:41:49 UTC 2026". */
export function javaDate(wallMs: number): string {
  const date = new Date(wallMs)
  const [weekday, month, day, year, time] = date.toString().split(' ') as [
    string,
    string,
    string,
    string,
    string,
  ]
  const zone = new Intl.DateTimeFormat('en-US', { timeZoneName: 'short' })
    .formatToParts(date)
    .find((part) => part.type === 'timeZoneName')
  return `${weekday} ${month} ${day} ${time} ${zone?.value ?? 'UTC'} ${year}`
}
