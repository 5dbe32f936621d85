/**
 * What an ACL allows to whom, and which ACLs a node may be given.
 *
 * The built-in schemes are `world`, `auth` (in requests only), `digest`, `ip`, `sasl` and `x509`.
 */
import type { Acl, Id } from '@quorate/protocol'
import { isDistinguishedName } from './distinguished-name.ts'
import { type Identity, isAuthenticated, isSuper } from './identity.ts'
import { type IpNetwork, networkContains, parseIpNetwork, parsePeerAddress } from './ip-match.ts'

/**
 * Whether one of `perms` (bits of `Perms`) is granted.
 * @param acl null and empty lists, which only old data may hold, grant everything
 */
export function isAllowed(
  acl: readonly Acl[] | null,
  perms: number,
  identities: readonly Identity[],
): boolean {
  if (acl === null || acl.length === 0 || isSuper(identities)) return true
  return acl.some((entry) => (entry.perms & perms) !== 0 && isGrantedTo(entry.id, identities))
}

/** The permissions that an ACL grants to whoever comes, as bits. */
export function openPermsOf(acl: readonly Acl[]): number {
  if (acl.length === 0) return allBits
  let perms = 0
  for (const entry of acl) if (isWorld(entry.id)) perms |= entry.perms
  return perms
}

/**
 * The ACL that a node gets when `requested` is asked for by a client with these identities: without duplicates, and with
 * `auth` expanded to an entry for each identity that the client has proved. Null when the request is invalid (InvalidACL).
 *
 * As in Apache's PrepRequestProcessor, duplicates are looked for before the expansion and not after it.
 * @param schemes those that this server has; by default those that need no setting up
 */
export function fixAcl(
  requested: readonly Acl[] | null,
  identities: readonly Identity[],
  schemes: ReadonlySet<string> = aclSchemes,
): readonly Acl[] | null {
  const authenticated = identities.filter(isAuthenticated)
  const fixed: Acl[] = []
  for (const entry of withoutDuplicates(requested ?? [])) {
    if (isWorld(entry.id) || isValidId(entry.id, schemes)) fixed.push(entry)
    else if (entry.id.scheme !== 'auth' || authenticated.length === 0) return null
    else for (const id of authenticated) fixed.push({ perms: entry.perms, id })
  }
  return fixed.length === 0 ? null : fixed
}

/** The list as someone sees it who may not administer the node: the hashes of digests are hidden. */
export function maskDigests(acl: readonly Acl[]): readonly Acl[] {
  return acl.map(({ perms, id }) => {
    const cut = id.scheme === 'digest' ? id.id.indexOf(':') : -1
    return cut === -1 ? { perms, id } : { perms, id: { ...id, id: `${id.id.slice(0, cut)}:x` } }
  })
}

/** The schemes that a request may name beside world and auth: those whose provider every server has. */
export const aclSchemes: ReadonlySet<string> = new Set(['digest', 'ip'])

/** Any permission at all, those without a name included. */
const allBits = -1

function isWorld(id: Id): boolean {
  return id.scheme === 'world' && id.id === 'anyone'
}

function isGrantedTo(id: Id, identities: readonly Identity[]): boolean {
  if (isWorld(id)) return true
  return identities.some((identity) => identity.scheme === id.scheme && matches(identity, id))
}

/** Whether an identity is the one that an ACL entry of the same scheme names. */
function matches(identity: Identity, id: Id): boolean {
  switch (id.scheme) {
    case 'digest':
    case 'x509':
      return identity.id === id.id
    case 'sasl':
      return identity.id === id.id || identity.id === 'super'
    case 'ip':
      return isInNetwork(identity.id, id)
    default:
      return false
  }
}

/** Networks by the entry that names them: the entries of stored ACLs live long and are matched often. */
const networksById = new WeakMap<Id, IpNetwork | undefined>()

function isInNetwork(remoteAddress: string, id: Id): boolean {
  if (!networksById.has(id)) networksById.set(id, parseIpNetwork(id.id))
  const network = networksById.get(id)
  const address = network === undefined ? undefined : parsePeerAddress(remoteAddress)
  return network !== undefined && address !== undefined && networkContains(network, address)
}

/** The first of each. A request can hold as many entries as fit in a frame, so they are not compared pair by pair. */
function withoutDuplicates(acl: readonly Acl[]): readonly Acl[] {
  if (acl.length < 2) return acl
  const seen = new Set<string>()
  return acl.filter(({ perms, id }) => {
    const key = `${perms} ${id.scheme.length} ${id.scheme}${id.id}`
    const isFirst = !seen.has(key)
    seen.add(key)
    return isFirst
  })
}

function isValidId(id: Id, schemes: ReadonlySet<string>): boolean {
  if (!schemes.has(id.scheme)) return false
  switch (id.scheme) {
    case 'digest':
      return isDigestId(id.id)
    case 'ip':
      return parseIpNetwork(id.id) !== undefined
    case 'sasl':
      return isKerberosName(id.id)
    case 'x509':
      return isDistinguishedName(id.id)
    default:
      return false
  }
}

/** Two parts with a colon between them. Colons at the end do not count, as Java's split drops the empty parts there. */
function isDigestId(id: string): boolean {
  let end = id.length
  while (end > 0 && id[end - 1] === ':') end--
  const cut = id.indexOf(':')
  return cut !== -1 && cut < end && id.lastIndexOf(':', end - 1) === cut
}

/** `user`, `user@REALM` or `user/host@REALM`; without a realm any text, slashes included. */
function isKerberosName(name: string): boolean {
  return !name.includes('@') || /^[^/@]*(?:\/[^/@]*)?@[^/@]*$/.test(name)
}
