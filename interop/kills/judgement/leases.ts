/**
 * What was held by leases, on the clock that all processes share.
 *
 * 1. Whoever holds a lock or an item of the partitioner, as far as its lease tells, does so while nobody else does by theirs: a lease
 *    is over before the servers may give what it is for to another. Readers and a semaphore's leaseholders are as many as may be.
 *
 * A claim goes from a moment at which the process had been granted something to the last one at which it had not lost it yet. It reads
 * the clock before it looks, so that a stop in between makes a claim shorter, and never longer.
 */
import { holdersMost } from '@quorate/simulator'
import type { Findings, Statement, Testimony } from './judgement.ts'

interface Claim {
  readonly by: string
  readonly holding: string
  readonly fromUs: number
  toUs: number
  /** How many may hold it together with this one. */
  readonly most: number
}

export function judgeLeases({ statements }: Testimony): Findings {
  const claims = claimsOf(statements)
  const problems = [...Map.groupBy(claims, ({ holding }) => holding).values()].flatMap(
    (all) => overlap(all) ?? [],
  )
  return {
    problems,
    figures: [
      ['held by a lease', claims.length],
      ['item leases', claims.filter(({ holding }) => holding.startsWith('item ')).length],
    ],
  }
}

function claimsOf(statements: readonly Statement[]): readonly Claim[] {
  const claims: Claim[] = []
  /** By the node or the share. */
  const open = new Map<string, readonly Claim[]>()
  const keep = (key: string, asOfUs: number): void => {
    for (const claim of open.get(key) ?? []) claim.toUs = Math.max(claim.toUs, asOfUs)
  }
  for (const { by, atUs, word } of statements) {
    const claim = (holding: string, most: number): Claim => {
      const made = { by, holding, fromUs: atUs, toUs: 0, most }
      claims.push(made)
      return made
    }
    if (word.type === 'granted' && word.lossPolicy === 'lease')
      open.set(word.path, [claim(word.lock, holdersMost(word.lock, word.path))])
    else if (word.type === 'shareTaken')
      open.set(
        word.share,
        word.items.map((item) => claim(`item ${item}`, 1)),
      )
    else if (word.type === 'woke' && word.isHeld) keep(word.path, word.asOfUs)
    else if (word.type === 'kept') keep(word.path, word.asOfUs)
    else if (word.type === 'shareKept') keep(word.share, word.asOfUs)
  }
  return claims.filter(({ fromUs, toUs }) => toUs > fromUs)
}

/** @param claims to one thing */
function overlap(claims: readonly Claim[]): string | undefined {
  let current: Claim[] = []
  for (const claim of claims.toSorted((a, b) => a.fromUs - b.fromUs)) {
    current = [...current.filter(({ toUs }) => toUs > claim.fromUs), claim]
    const most = Math.min(...current.map((each) => each.most))
    if (current.length <= most) continue
    const names = current.map(({ by }) => by).join(' and ')
    return `${claim.holding} was held by more than ${most} at one time, by their leases: ${names}`
  }
  return undefined
}
