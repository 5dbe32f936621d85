/**
 * Reads a membership's text: `server.N=…`, `group.N=id:id…`, `weight.N=w` and `version=<hex>` lines in any order, in the form of
 * Java's properties (comments, `=` or `:` or blanks behind the key, a backslash in front of what stands for itself).
 */
import type { Zxid } from '@quorate/protocol'
import { type Member, type Membership, membershipOf, type MembershipParts } from './membership.ts'
import { MembershipError } from './membership-error.ts'
import { parseServerLine } from './server-line.ts'

export interface ParseMembershipOptions {
  /** One voter is a standalone server, which no observer can follow. Default false. */
  readonly standaloneEnabled?: boolean
  /** Whether a server may have several addresses (Apache: off unless `multiAddress.enabled`). Default true. */
  readonly multiAddressEnabled?: boolean
}

/**
 * @throws MembershipError
 */
export function parseMembership(text: string, options: ParseMembershipOptions = {}): Membership {
  const membership = membershipOf(parseMembershipParts(text, options))
  const { voterIds } = membership.quorums
  if (voterIds.length === 0) {
    throw new MembershipError(
      'MEMBERSHIP_VOTERS',
      'the membership has no voter; add a line server.N=host:port:port:participant',
    )
  }
  if (options.standaloneEnabled && voterIds.length === 1 && membership.memberById.size > 1) {
    throw new MembershipError(
      'MEMBERSHIP_VOTERS',
      'the membership has observers and one voter only; add voters, or set standaloneEnabled=false',
    )
  }
  return membership
}

/** The same without looking at the number of voters. */
export function parseMembershipParts(
  text: string,
  options: ParseMembershipOptions = {},
): MembershipParts {
  const members = new Map<number, Member>()
  const groups = new Map<number, readonly number[]>()
  const weights = new Map<number, number>()
  let version: Zxid = 0
  for (const [key, value] of propertiesOf(text)) {
    if (key === 'version') version = parseVersion(value)
    else if (key.startsWith('server.')) {
      const id = parseId(numberPart(key), key)
      members.set(id, checkedAddresses(parseServerLine(id, value), options))
    } else if (key.startsWith('group')) {
      const ids = value.split(':').map((id) => parseId(id, `${key}=${value}`))
      groups.set(parseId(numberPart(key), key), ids)
    } else if (key.startsWith('weight')) {
      weights.set(parseId(numberPart(key), key), parseId(value, `${key}=${value}`))
    } else {
      throw new MembershipError(
        'MEMBERSHIP_SYNTAX',
        `the membership has the line "${key}=${value}"; server.N, group.N, weight.N and version are expected`,
      )
    }
  }
  const isHierarchical = groups.size > 0 || weights.size > 0
  return isHierarchical
    ? { members: members.values(), version, groups, weights }
    : { members: members.values(), version }
}

/** Adds what Apache's server refuses unless it is told otherwise. */
export function checkedAddresses(member: Member, options: ParseMembershipOptions): Member {
  if (options.multiAddressEnabled === false && member.quorumAddresses.length > 1) {
    throw new MembershipError(
      'MEMBERSHIP_SYNTAX',
      `server ${member.id} has several addresses; set multiAddress.enabled=true, or give one`,
    )
  }
  return member
}

/**
 * A server id or another number that isn't negative.
 * @throws MembershipError MEMBERSHIP_NUMBER
 */
export function parseId(text: string, where: string): number {
  const id = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  if (Number.isSafeInteger(id)) return id
  throw new MembershipError(
    'MEMBERSHIP_NUMBER',
    `"${where}" has "${text}" in the place of a number; digits are expected, of 2^53 − 1 at most`,
  )
}

function numberPart(key: string): string {
  return key.slice(key.indexOf('.') + 1)
}

function parseVersion(text: string): Zxid {
  const version = /^[0-9a-f]{1,16}$/i.test(text) ? Number.parseInt(text, 16) : Number.NaN
  if (Number.isSafeInteger(version)) return version
  throw new MembershipError(
    'MEMBERSHIP_NUMBER',
    `the membership has the version "${text}"; a zxid in hex is expected, of an epoch below 2^21`,
  )
}

/** Keys and values; a key that comes again has its last value. */
function propertiesOf(text: string): Map<string, string> {
  const properties = new Map<string, string>()
  for (const line of text.split(/\r\n|\n|\r/)) {
    const content = line.replace(/^[ \t\f]+/, '')
    if (content === '' || content.startsWith('#') || content.startsWith('!')) continue
    const [, key, value] = /^((?:\\.|[^\\=: \t\f])*)[ \t\f]*[=:]?[ \t\f]*(.*)$/.exec(content) ?? []
    properties.set(plain(key ?? content), plain(value ?? ''))
  }
  return properties
}

function plain(text: string): string {
  return text.replaceAll(/\\(.)/g, '$1').trim()
}

/**
 * The membership in the text of `/zookeeper/config`. Undefined: there is none, or the super user, who may write anything into that
 * node, has written something else.
 */
export function membershipInNode(text: string | undefined): Membership | undefined {
  if (text === undefined) return undefined
  try {
    return parseMembership(text)
  } catch (error) {
    if (error instanceof MembershipError) return undefined
    throw error
  }
}
