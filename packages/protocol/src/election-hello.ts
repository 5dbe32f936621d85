/**
 * The initial message on a connection of the election port, which tells the acceptor who has dialled:
 *
 *     long version · long serverId · int length · addresses
 *
 * Version −65536 carries one address `host:port`, −65535 several, `host:port|host:port`, all of them the sender's own.
 * Servers before 3.5 send their server id alone, a long of 0 or more. Nothing is answered; messages follow.
 */
import { readInt32, readUint32 } from './bytes.ts'
import type { ElectionRefusal, ElectionRefusalCode } from './election-refusal.ts'
import { GatherBuffer } from './gather-buffer.ts'
import { formatHostPort, type HostPort, isWildcardHost, parseHostPort } from './host-port.ts'
import { JuteWriter } from './jute-writer.ts'
import { utf8Decode } from './utf8.ts'

export type ElectionHelloVersion = 'idOnly' | 'oneAddress' | 'addresses'

export interface ElectionHello {
  readonly version: ElectionHelloVersion
  /** Undefined: an observer without an id of its own (Long.MAX_VALUE on the wire), which the acceptor gives one. */
  readonly serverId: number | undefined
  /** Where the sender listens for elections; none from servers before 3.5. */
  readonly addresses: readonly HostPort[]
}

const versionLow = { oneAddress: -65_536, addresses: -65_535 } as const
const addressesAt = 20
const addressesLengthMax = 2048

export function encodeElectionHello(hello: ElectionHello): Uint8Array {
  const writer = new JuteWriter(64)
  if (hello.version !== 'idOnly') writer.writeLong(versionLow[hello.version])
  if (hello.serverId === undefined) writer.writeHalves(0x7fff_ffff, -1)
  else writer.writeLong(hello.serverId)
  if (hello.version !== 'idOnly') writer.writeString(hello.addresses.map(formatHostPort).join('|'))
  return writer.copy()
}

/** Reads the initial message in whatever chunks it comes. */
export class ElectionHelloReader {
  readonly #gathered = new GatherBuffer()
  #outcome: ElectionHello | ElectionRefusal | undefined

  /** Undefined until the message is complete. After a refusal the connection has to be closed. */
  get outcome(): ElectionHello | ElectionRefusal | undefined {
    return this.#outcome
  }

  /**
   * Takes bytes of the initial message, and none behind it.
   * @returns the offset behind the last byte taken: what follows there are messages
   */
  push(bytes: Uint8Array, start: number, end: number): number {
    const gathered = this.#gathered
    let at = start
    while (at < end && this.#outcome === undefined) {
      const step = Math.min(this.#lengthNeeded() - gathered.length, end - at)
      gathered.append(bytes, at, at + step)
      at += step
      if (this.#lengthNeeded() === gathered.length) this.#outcome ??= decode(gathered)
    }
    return at
  }

  /** The length of the message as far as is known; sets the outcome when there is no going on. */
  #lengthNeeded(): number {
    const { bytes, length } = this.#gathered
    if (length < 8) return 8
    if (readInt32(bytes, 0) >= 0) return 8
    if (versionOf(bytes) === undefined) {
      this.#outcome = refusal(
        'HELLO_VERSION',
        `an initial message begins with the long ${readInt32(bytes, 0)}·2^32 + ${readUint32(bytes, 4)}; a server id, −65536 or −65535 is expected`,
      )
      return length
    }
    if (length < addressesAt) return addressesAt
    const addressesLength = readInt32(bytes, addressesAt - 4)
    if (addressesLength < 1 || addressesLength > addressesLengthMax) {
      this.#outcome = refusal(
        'HELLO_LENGTH',
        `the addresses in an initial message have the length ${addressesLength}; 1 to ${addressesLengthMax} is allowed`,
      )
      return length
    }
    return addressesAt + addressesLength
  }
}

function versionOf(bytes: Uint8Array): 'oneAddress' | 'addresses' | undefined {
  if (readInt32(bytes, 0) !== -1) return undefined
  const low = readInt32(bytes, 4)
  if (low === versionLow.oneAddress) return 'oneAddress'
  return low === versionLow.addresses ? 'addresses' : undefined
}

function decode({ bytes, length }: GatherBuffer): ElectionHello | ElectionRefusal {
  const isOld = length === 8
  const idAt = isOld ? 0 : 8
  const high = readInt32(bytes, idAt)
  const low = readUint32(bytes, idAt + 4)
  const hasNoId = high === 0x7fff_ffff && low === 0xffff_ffff
  if (!hasNoId && (high >= 0x20_0000 || high < -0x20_0000)) {
    return refusal(
      'HELLO_SERVER_ID',
      `an initial message has the server id ${high}·2^32 + ${low}; between −2^53 and 2^53 − 1 is supported`,
    )
  }
  const serverId = hasNoId ? undefined : high * 0x1_0000_0000 + low
  if (isOld) return { version: 'idOnly', serverId, addresses: [] }
  const addresses: HostPort[] = []
  for (const text of utf8Decode(bytes, addressesAt, length).split('|')) {
    const address = parseHostPort(text)
    if (address === undefined) {
      return refusal(
        'HELLO_ADDRESS',
        `an initial message of server ${serverId} holds the address "${text}"; host:port is expected`,
      )
    }
    // Nobody can be called back at an address that stands for all of its machine's.
    if (!isWildcardHost(address.host)) addresses.push(address)
  }
  return { version: versionOf(bytes)!, serverId, addresses }
}

function refusal(code: ElectionRefusalCode, message: string): ElectionRefusal {
  return { code, message }
}
