/** A membership from the lines of a configuration file: problems name the file and the line. */
import {
  checkedAddresses,
  type Member,
  type Membership,
  MembershipError,
  membershipOf,
  parseId,
  parseServerLine,
} from '@quorate/consensus'
import type { Zxid } from '@quorate/protocol'
import { ConfigError, describeSource, type ValueSource } from '../config/config-problem.ts'

/** `server.N`, `group.N` or `weight.N` with its value. */
export interface MembershipLine {
  readonly name: string
  readonly value: string
  readonly source: ValueSource
}

export interface MembershipLinesOptions {
  readonly version: Zxid
  readonly isMultiAddressEnabled: boolean
  /** What to call all lines together. */
  readonly origin: string
}

/**
 * Whether there are voters enough is not looked at.
 * @throws ConfigError CONFIG_VALUE_INVALID for a line, CONFIG_MEMBERSHIP_INVALID when the lines don't go together
 */
export function membershipOfLines(
  lines: readonly MembershipLine[],
  { version, isMultiAddressEnabled, origin }: MembershipLinesOptions,
): Membership {
  const members: Member[] = []
  const groups = new Map<number, readonly number[]>()
  const weights = new Map<number, number>()
  for (const { name, value, source } of lines) {
    try {
      const number = parseId(name.slice(name.indexOf('.') + 1), name)
      if (name.startsWith('server.')) {
        const member = parseServerLine(number, value)
        members.push(checkedAddresses(member, { multiAddressEnabled: isMultiAddressEnabled }))
      } else if (name.startsWith('group.')) {
        groups.set(
          number,
          value.split(':').map((id) => parseId(id, `${name}=${value}`)),
        )
      } else weights.set(number, parseId(value, `${name}=${value}`))
    } catch (error) {
      throw refused('CONFIG_VALUE_INVALID', describeSource(source), error)
    }
  }
  const isHierarchical = groups.size > 0 || weights.size > 0
  try {
    return membershipOf(
      isHierarchical ? { members, version, groups, weights } : { members, version },
    )
  } catch (error) {
    throw refused('CONFIG_MEMBERSHIP_INVALID', origin, error)
  }
}

function refused(
  code: 'CONFIG_VALUE_INVALID' | 'CONFIG_MEMBERSHIP_INVALID',
  where: string,
  error: unknown,
): unknown {
  if (!(error instanceof MembershipError)) return error
  return new ConfigError(code, `${where}: ${error.message}`, { cause: error })
}
