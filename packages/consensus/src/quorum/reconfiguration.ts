/**
 * What a reconfig request makes of a membership, or the error that it is answered with. The checks and their order are those of
 * Apache's leader. Two of its checks need more than the membership, and stay with the leader: that no reconfiguration is under way
 * (ReconfigInProgress, before these), and that a quorum of the new membership is in step (NewConfigNoQuorum, after them).
 */
import { ErrorCode } from '@quorate/protocol'
import type { ReconfigurationRequest } from '../engine.ts'
import { isLocalHost } from './canonical-host.ts'
import { HierarchicalQuorums } from './hierarchical-quorums.ts'
import { type HostPort, type Member, type Membership, membershipOf } from './membership.ts'
import { MembershipError } from './membership-error.ts'
import {
  checkedAddresses,
  parseId,
  parseMembershipParts,
  type ParseMembershipOptions,
} from './parse-membership.ts'
import { parseServerLine } from './server-line.ts'

export interface ReconfigurationOptions extends ParseMembershipOptions {
  /** Then two voters are the least, else one. */
  readonly standaloneEnabled: boolean
}

export type ReconfigurationPlan =
  | { readonly membership: Membership }
  | {
      readonly error: ErrorCode
      /** What was found and what was expected. */
      readonly reason: string
    }

/** @param current the membership that was last proposed, in force or not */
export function planReconfiguration(
  current: Membership,
  request: ReconfigurationRequest,
  options: ReconfigurationOptions,
): ReconfigurationPlan {
  if (request.currentVersion !== -1 && request.currentVersion !== current.version) {
    return refused(
      ErrorCode.BadVersion,
      `the request is for the version ${request.currentVersion}; the membership has the version ${current.version}`,
    )
  }
  try {
    return request.newMembers === undefined
      ? planIncremental(current, request, options)
      : planFull(request.newMembers, request, options)
  } catch (error) {
    if (!(error instanceof MembershipError)) throw error
    return refused(errorCodeOf(error), error.message)
  }
}

/** Replaces all members. */
function planFull(
  newMembers: string,
  request: ReconfigurationRequest,
  options: ReconfigurationOptions,
): ReconfigurationPlan {
  const parts = parseMembershipParts(newMembers.replaceAll(',', '\n'), options)
  const membership = membershipOf({ ...parts, version: request.newVersion })
  const voters = membership.quorums.voterIds.length
  const hasObservers = membership.memberById.size > voters
  const isOddity = options.standaloneEnabled ? voters < 2 && hasObservers : voters === 0
  if (isOddity) {
    // Apache's reader of memberships throws at these what its pipeline takes for a malformed request.
    return refused(
      ErrorCode.MarshallingError,
      `the new membership has ${membership.memberById.size} servers, ${voters} of them voters; that is no ensemble`,
    )
  }
  return withVotersEnough(membership, options)
}

/** Takes members away, then adds or replaces some. */
function planIncremental(
  current: Membership,
  request: ReconfigurationRequest,
  options: ReconfigurationOptions,
): ReconfigurationPlan {
  if (current.quorums instanceof HierarchicalQuorums) {
    return refused(
      ErrorCode.BadArguments,
      'the membership has groups or weights, so servers cannot join and leave one by one; give all new members',
    )
  }
  const memberById = new Map(current.memberById)
  for (const leaving of listOf(request.leaving, ',')) memberById.delete(parseId(leaving, leaving))
  for (const joining of listOf(request.joining, ',')) {
    const joiner = parseJoiner(joining, options)
    for (const other of memberById.values()) {
      if (other.id !== joiner.id) checkNoClash(joiner, other)
    }
    memberById.set(joiner.id, joiner)
  }
  const members = memberById.values()
  return withVotersEnough(membershipOf({ members, version: request.newVersion }), options)
}

function withVotersEnough(
  membership: Membership,
  { standaloneEnabled }: ReconfigurationOptions,
): ReconfigurationPlan {
  const voters = membership.quorums.voterIds.length
  const least = standaloneEnabled ? 2 : 1
  if (voters >= least) return { membership }
  return refused(
    ErrorCode.BadArguments,
    `the new membership has ${voters} voters; ${least} is the least${standaloneEnabled ? ' while standaloneEnabled is true' : ''}`,
  )
}

/** `server.N=spec`; whatever stands before the last dot is not looked at. */
function parseJoiner(text: string, options: ReconfigurationOptions): Member {
  const [name, line, ...rest] = listOf(text, '=')
  if (name === undefined || line === undefined || rest.length > 0) {
    throw new MembershipError(
      'MEMBERSHIP_SYNTAX',
      `"${text}" is to join; server.N=host:port:port:role;clientPort is expected`,
    )
  }
  const id = parseId(name.slice(name.lastIndexOf('.') + 1), name)
  const member = checkedAddresses(parseServerLine(id, line), options)
  if (member.clientAddress === undefined && member.secureClientAddress === undefined) {
    throw new MembershipError(
      'MEMBERSHIP_SYNTAX',
      `"${text}" is to join without an address for clients; add ;clientPort`,
    )
  }
  return member
}

/**
 * Compatibility: Apache compares addresses as they resolve, and leaves those out that don't; there is no resolver here, so names
 * are compared as names.
 */
function checkNoClash(joiner: Member, other: Member): void {
  const taken = new Set(addressesOf(other))
  for (const address of addressesOf(joiner)) {
    if (!taken.has(address)) continue
    throw new MembershipError(
      'MEMBERSHIP_SYNTAX',
      `server ${joiner.id} is to join with the address ${address}, which server ${other.id} has; give it one of its own`,
    )
  }
}

/** Without those that mean another machine at every server. */
function addressesOf(member: Member): string[] {
  const addresses: (HostPort | undefined)[] = [
    ...member.quorumAddresses,
    ...member.electionAddresses,
    member.clientAddress,
    member.secureClientAddress,
  ]
  return addresses
    .filter((address) => address !== undefined && !isLocalHost(address.host))
    .map((address) => `${address!.host.toLowerCase()}:${address!.port}`)
}

/** Trimmed, without the empty ones. */
function listOf(text: string | undefined, separator: string): string[] {
  return (text ?? '')
    .split(separator)
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

/** A number that is none is to Apache's pipeline a malformed request; all else are bad arguments. */
function errorCodeOf({ code }: MembershipError): ErrorCode {
  return code === 'MEMBERSHIP_NUMBER' ? ErrorCode.MarshallingError : ErrorCode.BadArguments
}

function refused(error: ErrorCode, reason: string): ReconfigurationPlan {
  return { error, reason }
}
