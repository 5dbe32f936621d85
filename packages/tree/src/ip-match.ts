/**
 * IP addresses and networks as ACLs of the scheme `ip` name them: `10.0.0.1`, `10.0.0.0/8`, `2001:db8::/32`.
 *
 * Addresses are 4 or 16 bytes, so that a network of one family never holds an address of the other.
 */

export interface IpNetwork {
  readonly address: Uint8Array
  /** How many of the first bits count. */
  readonly prefixLength: number
}

/** No address in any spelling is longer, but for leading zeros beyond reason. */
const textLengthMax = 64

/**
 * The id of an ACL entry, or undefined when it is none.
 *
 * Compatibility: Apache ZooKeeper also takes numbers with a sign in an IP ACL (`+10.0.0.1`); here they are invalid.
 */
export function parseIpNetwork(text: string): IpNetwork | undefined {
  const cut = text.indexOf('/')
  const address = parseIpAddress(cut === -1 ? text : text.slice(0, cut))
  if (address === undefined) return undefined
  const bitCount = 8 * address.length
  if (cut === -1) return { address, prefixLength: bitCount }
  const prefixLength = parseDecimal(text.slice(cut + 1))
  return prefixLength <= bitCount ? { address, prefixLength } : undefined
}

export function networkContains(network: IpNetwork, address: Uint8Array): boolean {
  const { address: base, prefixLength } = network
  if (base.length !== address.length) return false
  const wholeBytes = prefixLength >> 3
  for (let i = 0; i < wholeBytes; i++) if (base[i] !== address[i]) return false
  const restBits = prefixLength & 7
  return restBits === 0 || (base[wholeBytes]! ^ address[wholeBytes]!) >> (8 - restBits) === 0
}

/** 4 or 16 bytes, or undefined when the text is no address. */
export function parseIpAddress(text: string): Uint8Array | undefined {
  if (text.length > textLengthMax) return undefined
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text)
}

/**
 * The address of a connection's peer. A dual-stack socket shows IPv4 peers as `::ffff:10.0.0.1`: these are IPv4, as they
 * are for Java.
 */
export function parsePeerAddress(text: string): Uint8Array | undefined {
  const mapped = /^::ffff:([0-9.]+)$/i.exec(text)
  if (mapped !== null) return parseIpAddress(mapped[1]!)
  const address = parseIpAddress(text)
  return address !== undefined && isIpv4Mapped(address) ? address.subarray(12) : address
}

/** As Java's InetAddress.getHostAddress: `10.0.0.1`, `2001:db8:0:0:0:0:0:1`. */
export function formatIpAddress(address: Uint8Array): string {
  if (address.length === 4) return address.join('.')
  const groups: string[] = []
  for (let i = 0; i < 16; i += 2) groups.push(((address[i]! << 8) | address[i + 1]!).toString(16))
  return groups.join(':')
}

function isIpv4Mapped(address: Uint8Array): boolean {
  return (
    address.length === 16 &&
    address.subarray(0, 10).every((byte) => byte === 0) &&
    address[10] === 0xff &&
    address[11] === 0xff
  )
}

function parseIpv4(text: string): Uint8Array | undefined {
  const parts = text.split('.')
  if (parts.length !== 4) return undefined
  const numbers = parts.map(parseDecimal)
  return numbers.every((number) => number <= 255) ? Uint8Array.from(numbers) : undefined
}

/** Groups of hex digits; one `::` stands for as many zero groups as are missing, at least one. */
function parseIpv6(text: string): Uint8Array | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const [before, after] = halves.map((half) => (half === '' ? [] : half.split(':')))
  const count = before!.length + (after?.length ?? 0)
  if (after === undefined ? count !== 8 : count > 7) return undefined
  const zeros: string[] = Array.from({ length: 8 - count }, () => '0')
  const groups = [...before!, ...zeros, ...(after ?? [])]
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return undefined
  return Uint8Array.from(groups.flatMap((group) => [parseInt(group, 16) >> 8, parseInt(group, 16)]))
}

/** Leading zeros are allowed and mean nothing (it is no octal). NaN, which no comparison holds for, when it is no number. */
function parseDecimal(text: string): number {
  return /^\d+$/.test(text) ? Number(text) : NaN
}
