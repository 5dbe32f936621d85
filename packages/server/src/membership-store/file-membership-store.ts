/** The membership of a running server. */
import type { Membership, MembershipStore } from '@quorate/consensus'
import type { LogLine } from '../server-log.ts'
import type { MembershipFiles } from './membership-files.ts'

export class FileMembershipStore implements MembershipStore {
  readonly #report: (line: LogLine) => void
  #committed: Membership
  #lastSeen: Membership

  static open(files: MembershipFiles, report: (line: LogLine) => void): FileMembershipStore {
    return new FileMembershipStore(files, report)
  }

  private constructor({ found }: MembershipFiles, report: (line: LogLine) => void) {
    this.#report = report
    this.#committed = found
    this.#lastSeen = found
  }

  get committed(): Membership {
    return this.#committed
  }

  get lastSeen(): Membership {
    return this.#lastSeen
  }

  setCommitted(membership: Membership): void {
    this.#committed = membership
    const { text } = membership
    this.#report({ level: 'info', code: 'MEMBERSHIP_IN_FORCE', message: text })
  }

  setLastSeen(membership: Membership): void {
    this.#lastSeen = membership
  }
}
