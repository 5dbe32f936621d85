/** Hosts as Java prints them: an IPv6 literal with all of its eight groups, in lower case, without leading zeros. */

/** @returns the host as it is printed, or undefined when it is neither a name nor an address */
export function canonicalHost(host: string): string | undefined {
  if (host.includes(':')) return canonicalIpv6(host)
  return /^[^\s;|=,[\]]+$/.test(host) ? host : undefined
}

/** Whether the host stands for all addresses of its machine, or only for the machine itself. */
export function isLocalHost(host: string): boolean {
  return /^(0\.0\.0\.0|127(\.\d+){3}|localhost|(0:){7}[01])$/i.test(host)
}

function canonicalIpv6(literal: string): string | undefined {
  const [address, scope, ...more] = literal.split('%')
  if (more.length > 0) return undefined
  const [head, tail, ...rest] = withoutDottedTail(address!).split('::')
  if (rest.length > 0) return undefined
  const front = groupsOf(head!)
  const back = tail === undefined ? [] : groupsOf(tail)
  const missing = 8 - front.length - back.length
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined
  const groups = [...front, ...Array.from({ length: missing }, () => '0'), ...back]
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return undefined
  const numbers = groups.map((group) => Number.parseInt(group, 16))
  const isMappedIpv4 = numbers[5] === 0xffff && numbers.slice(0, 5).every((group) => group === 0)
  if (isMappedIpv4) {
    return [numbers[6]! >> 8, numbers[6]! & 0xff, numbers[7]! >> 8, numbers[7]! & 0xff].join('.')
  }
  const text = numbers.map((group) => group.toString(16)).join(':')
  return scope === undefined ? text : `${text}%${scope}`
}

function groupsOf(text: string): string[] {
  return text === '' ? [] : text.split(':')
}

/** `::1.2.3.4` as `::102:304`; anything else as it is. */
function withoutDottedTail(address: string): string {
  const dotted = /^(.*:)(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(address)
  if (dotted === null) return address
  const [a, b, c, d] = dotted.slice(2).map(Number) as [number, number, number, number]
  if (Math.max(a, b, c, d) > 255) return address
  return `${dotted[1]}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`
}
