/**
 * The history that an ensemble has agreed on, as its servers show it, and the laws that hold at every moment of every run. The first
 * server that delivers a transaction in a term, or starts to lead with it, fixes its place for all.
 *
 * 1. Total order: everybody has at every place what was fixed there, and zxids grow.
 * 2. Primary order: a leader delivers what it submitted, in that order and nothing else; it submits in an epoch of its own.
 * 3. Durability: when a place is fixed, its transaction is on the disks of a majority of the voters.
 * 4. A leader starts with everything that is fixed.
 * 5. At most one server leads an epoch.
 */
import type { Proposal } from '@quorate/consensus'
import { epochOf, type Zxid } from '@quorate/protocol'
import { textOf } from './text-transaction.ts'

/** An engine has not kept what it owes. */
export class ComplianceViolation extends Error {
  override readonly name = 'ComplianceViolation'
}

export interface AgreementParts {
  readonly voters: readonly number[]
  /** Whether every term of leading has an epoch of its own: engines with peers only. */
  readonly hasEpochs: boolean
  readonly isDurable: (serverId: number, zxid: Zxid) => boolean
}

export interface Transaction {
  readonly zxid: Zxid
  readonly text: string
}

export class Agreement {
  /** What is fixed, by place. */
  readonly order: Transaction[] = []
  readonly #parts: AgreementParts
  readonly #leaderByEpoch = new Map<number, number>()
  #epochMax = -1

  constructor(parts: AgreementParts) {
    this.#parts = parts
  }

  /** The highest epoch in which anybody has begun to lead. */
  get epochMax(): number {
    return this.#epochMax
  }

  leadingStarted(serverId: number, epoch: number, history: readonly Proposal[]): void {
    if (this.#parts.hasEpochs) {
      const other = this.#leaderByEpoch.get(epoch)
      if (other !== undefined)
        throw new ComplianceViolation(
          `server ${serverId} leads the epoch ${epoch}, which server ${other} has led`,
        )
    }
    this.#leaderByEpoch.set(epoch, serverId)
    this.#epochMax = Math.max(this.#epochMax, epoch)
    if (history.length < this.order.length)
      throw new ComplianceViolation(
        `server ${serverId} leads the epoch ${epoch} with ${history.length} of ${this.order.length} transactions that were delivered`,
      )
    history.forEach((proposal, place) => this.has(serverId, place, transactionOf(proposal)))
  }

  learningStarted(serverId: number, history: readonly Proposal[]): void {
    if (history.length > this.order.length)
      throw new ComplianceViolation(
        `server ${serverId} starts to learn with ${history.length} transactions; ${this.order.length} were delivered`,
      )
    history.forEach((proposal, place) => this.has(serverId, place, transactionOf(proposal)))
  }

  /** A server has a transaction at a place, as delivered. */
  has(serverId: number, place: number, transaction: Transaction): void {
    const fixed = this.order[place]
    if (fixed === undefined) return this.#fix(serverId, place, transaction)
    if (fixed.zxid !== transaction.zxid || fixed.text !== transaction.text)
      throw new ComplianceViolation(
        `server ${serverId} has ${show(transaction)} at place ${place}, where ${show(fixed)} was delivered`,
      )
  }

  #fix(serverId: number, place: number, transaction: Transaction): void {
    const last = this.order.at(-1)
    if (place !== this.order.length)
      throw new ComplianceViolation(
        `server ${serverId} has ${show(transaction)} at place ${place}; the next one is ${this.order.length}`,
      )
    if (last !== undefined && transaction.zxid <= last.zxid)
      throw new ComplianceViolation(
        `server ${serverId} has ${show(transaction)} behind ${show(last)}`,
      )
    const { voters, isDurable } = this.#parts
    const durableAt = voters.filter((voter) => isDurable(voter, transaction.zxid))
    if (2 * durableAt.length <= voters.length)
      throw new ComplianceViolation(
        `server ${serverId} delivers ${show(transaction)}, which is on the disks of [${durableAt.join()}] of [${voters.join()}]`,
      )
    this.order.push(transaction)
  }
}

export function transactionOf({ zxid, bytes }: Proposal): Transaction {
  return { zxid, text: textOf(bytes) }
}

export function show({ zxid, text }: Transaction): string {
  return `"${text}" (epoch ${epochOf(zxid)}, zxid 0x${zxid.toString(16)})`
}
