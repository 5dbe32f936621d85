/** What this server notes of its history, for the four-letter words. */
import type { Zxid } from '@quorate/protocol'
import type { HistoryObserver } from '@quorate/replica'
import type { DigestHistory } from '../digest-history.ts'
import type { ProposalSizes } from './proposal-sizes.ts'

export class ObservedHistory implements HistoryObserver {
  readonly #digests: DigestHistory | undefined
  readonly #proposalSizes: ProposalSizes
  readonly #isLeading: () => boolean

  constructor(parts: {
    /** Undefined: transactions have no digest. */
    readonly digests: DigestHistory | undefined
    readonly proposalSizes: ProposalSizes
    readonly isLeading: () => boolean
  }) {
    this.#digests = parts.digests
    this.#proposalSizes = parts.proposalSizes
    this.#isLeading = parts.isLeading
  }

  appended(_zxid: Zxid, _bytes: Uint8Array, start: number, end: number): void {
    if (this.#isLeading()) this.#proposalSizes.record(end - start)
  }

  applied(zxid: Zxid, bytes: Uint8Array, start: number, end: number): void {
    this.#digests?.record(zxid, bytes, start, end)
  }

  synced(): void {}

  loaded(): void {}
}
