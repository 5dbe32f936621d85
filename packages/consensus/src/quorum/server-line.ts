/**
 * What stands behind `server.N=` in a membership:
 *
 *     host:quorumPort:electionPort[:role] [| host:quorumPort:electionPort[:role]]*
 *       [; [clientHost:]clientPort [; [secureHost:]securePort]]
 *
 * The client part may be empty before a secure one (`;;2281`). A role is `participant` (also when none is given) or
 * `observer`, the same at every address. IPv6 literals stand in brackets. It is printed with all hosts and with the role once,
 * behind the last address; addresses are in the order of their hosts.
 */
import {
  delimitedHost,
  formatHostPort,
  type HostPort,
  parsePort,
  splitHostAndPorts,
} from '@quorate/protocol'
import { canonicalHost } from './canonical-host.ts'
import type { Member } from './member.ts'
import { MembershipError } from './membership-error.ts'

const form =
  'host:quorumPort:electionPort[:participant|:observer][;[clientHost:]clientPort[;[secureHost:]securePort]]'

/** @throws MembershipError MEMBERSHIP_SYNTAX */
export function parseServerLine(id: number, line: string): Member {
  const [serverPart, clientPart, securePart, ...rest] = line.split(';')
  if (rest.some((part) => part !== '')) throw refused(id, line, 'has too many parts')
  const quorumAddresses: HostPort[] = []
  const electionAddresses: HostPort[] = []
  let role: string | undefined
  for (const text of serverPart!.split('|')) {
    const parts = splitHostAndPorts(text.trim())
    if (parts === undefined || parts.length < 3 || parts.length > 4) {
      throw refused(id, line, `has the address "${text}"`)
    }
    const host = hostOf(id, line, parts[0]!)
    const quorumPort = portOf(id, line, parts[1]!)
    const electionPort = portOf(id, line, parts[2]!)
    if (quorumPort === electionPort) throw refused(id, line, 'names one port for both purposes')
    quorumAddresses.push({ host, port: quorumPort })
    electionAddresses.push({ host, port: electionPort })
    if (parts.length === 4) role = sameRole(id, line, role, parts[3]!.trim().toLowerCase())
  }
  return normalMember({
    id,
    quorumAddresses,
    electionAddresses,
    isVoter: role !== 'observer',
    clientAddress: clientAddressOf(id, line, clientPart),
    secureClientAddress: clientAddressOf(id, line, securePart),
  })
}

export function formatServerLine(member: Member): string {
  const addresses = member.quorumAddresses.map(
    ({ host, port }, i) => `${delimitedHost(host)}:${port}:${member.electionAddresses[i]!.port}`,
  )
  const { clientAddress, secureClientAddress } = member
  let line = `${addresses.join('|')}:${member.isVoter ? 'participant' : 'observer'}`
  if (clientAddress !== undefined) line += `;${formatHostPort(clientAddress)}`
  if (secureClientAddress !== undefined) {
    line += `${clientAddress === undefined ? ';;' : ';'}${formatHostPort(secureClientAddress)}`
  }
  return line
}

/**
 * The member with its addresses as they are printed: canonical hosts, each address once, in the order of the hosts.
 * @throws MembershipError MEMBERSHIP_SYNTAX when there is no address, or not as many for elections
 */
export function normalMember(member: Member): Member {
  const line = `of ${member.quorumAddresses.length} quorum and ${member.electionAddresses.length} election addresses`
  const normal = ({ host, port }: HostPort): HostPort => ({
    host: hostOf(member.id, line, host),
    port,
  })
  const quorumAddresses = sortedOnce(member.quorumAddresses.map(normal))
  const electionAddresses = sortedOnce(member.electionAddresses.map(normal))
  if (quorumAddresses.length === 0 || quorumAddresses.length !== electionAddresses.length) {
    throw refused(member.id, line, 'does not have pairs of addresses')
  }
  return {
    ...member,
    quorumAddresses,
    electionAddresses,
    clientAddress: member.clientAddress && normal(member.clientAddress),
    secureClientAddress: member.secureClientAddress && normal(member.secureClientAddress),
  }
}

function sortedOnce(addresses: readonly HostPort[]): HostPort[] {
  const byText = new Map(addresses.map((address) => [formatHostPort(address), address]))
  return [...byText.values()].toSorted((a, b) => (a.host < b.host ? -1 : a.host > b.host ? 1 : 0))
}

function clientAddressOf(id: number, line: string, part: string | undefined): HostPort | undefined {
  if (part === undefined || part === '') return undefined
  const parts = splitHostAndPorts(part.trim())
  if (parts === undefined || parts.length < 1 || parts.length > 2) {
    throw refused(id, line, `has the client address "${part}"`)
  }
  const host = parts.length === 2 ? hostOf(id, line, parts[0]!) : '0.0.0.0'
  return { host, port: portOf(id, line, parts.at(-1)!) }
}

function sameRole(id: number, line: string, before: string | undefined, role: string): string {
  if (role !== 'participant' && role !== 'observer')
    throw refused(id, line, `has the role "${role}"`)
  if (before !== undefined && before !== role) throw refused(id, line, 'has two roles')
  return role
}

function hostOf(id: number, line: string, text: string): string {
  const host = canonicalHost(text)
  if (host === undefined) throw refused(id, line, `has the host "${text}"`)
  return host
}

function portOf(id: number, line: string, text: string): number {
  const port = parsePort(text)
  if (port === undefined) throw refused(id, line, `has the port "${text}"`)
  return port
}

function refused(id: number, line: string, found: string): MembershipError {
  return new MembershipError(
    'MEMBERSHIP_SYNTAX',
    `server ${id} ("${line}") ${found}; expected is ${form}, with two different ports from 0 to 65535, and several addresses joined by |`,
  )
}
