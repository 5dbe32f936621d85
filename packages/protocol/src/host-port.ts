/** Host and port as ZooKeeper writes them in memberships and elections: `host:port`, with an IPv6 literal in brackets. */

export interface HostPort {
  /** A name or an address, without brackets. */
  readonly host: string
  readonly port: number
}

/**
 * Splits at colons, brackets kept together: `[::1]:2888:3888` is `::1`, `2888`, `3888`. Empty parts at the end are dropped.
 * @returns undefined when a bracket is not closed or nothing follows it
 */
export function splitHostAndPorts(text: string): string[] | undefined {
  if (!text.startsWith('[')) return dropEmptyEnd(text.split(':'))
  const close = text.indexOf(']')
  if (close < 0 || text[close + 1] !== ':') return undefined
  return [text.slice(1, close), ...dropEmptyEnd(text.slice(close + 2).split(':'))]
}

/** A port in decimal digits, or undefined. */
export function parsePort(text: string): number | undefined {
  if (!/^\d{1,5}$/.test(text)) return undefined
  const port = Number(text)
  return port <= 65_535 ? port : undefined
}

export function parseHostPort(text: string): HostPort | undefined {
  const parts = splitHostAndPorts(text)
  const port = parts?.length === 2 ? parsePort(parts[1]!) : undefined
  return port === undefined ? undefined : { host: parts![0]!, port }
}

/** The host, in brackets when it is an IPv6 literal. */
export function delimitedHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}

export function formatHostPort({ host, port }: HostPort): string {
  return `${delimitedHost(host)}:${port}`
}

/** Whether the host stands for every address of its machine. */
export function isWildcardHost(host: string): boolean {
  return host === '0.0.0.0' || /^[0:]*:[0:]*$/.test(host)
}

/** As Java's split does. */
function dropEmptyEnd(parts: string[]): string[] {
  while (parts.length > 0 && parts.at(-1) === '') parts.pop()
  return parts
}
