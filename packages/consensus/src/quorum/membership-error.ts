export type MembershipErrorCode =
  /** A line or a server's specification has not the form that it should have. */
  | 'MEMBERSHIP_SYNTAX'
  /** A server id, a group's number, a weight or the version is no number, or out of range. */
  | 'MEMBERSHIP_NUMBER'
  /** Groups and weights don't fit the voters. */
  | 'MEMBERSHIP_GROUPS'
  /** There are too few voters. */
  | 'MEMBERSHIP_VOTERS'

/** A membership that can't be. The message says what was found and what to do. */
export class MembershipError extends Error {
  override readonly name = 'MembershipError'
  readonly code: MembershipErrorCode
  constructor(code: MembershipErrorCode, message: string) {
    super(message)
    this.code = code
  }
}
