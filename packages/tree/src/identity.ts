/**
 * Who a client connection is. A connection starts with the address of its peer and gains identities as it authenticates;
 * they belong to the connection, not to the session.
 */
import type { Id } from '@quorate/protocol'
import { formatIpAddress, parsePeerAddress } from './ip-match.ts'

/** A scheme and what it calls the client: `digest` and `bob:hash`, `ip` and `10.0.0.1`. */
export type Identity = Id

/** Passes every ACL check. */
export const superIdentity: Identity = { scheme: 'super', id: '' }

const authenticatedSchemes: ReadonlySet<string> = new Set(['digest', 'sasl', 'x509'])

/** Whether the client has proved this identity by a secret: these are what the scheme `auth` stands for in an ACL. */
export function isAuthenticated(identity: Identity): boolean {
  return authenticatedSchemes.has(identity.scheme)
}

export function isSuper(identities: readonly Identity[]): boolean {
  return identities.some((identity) => identity.scheme === superIdentity.scheme)
}

/**
 * The identity of every connection, in Java's spelling of addresses: IPv6 with all eight groups, an IPv4 address that came in
 * over an IPv6 socket as IPv4. Text that is no address is taken as it is, and no ACL matches it.
 */
export function ipIdentity(remoteAddress: string): Identity {
  const address = parsePeerAddress(remoteAddress)
  return { scheme: 'ip', id: address === undefined ? remoteAddress : formatIpAddress(address) }
}
