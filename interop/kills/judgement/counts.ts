/**
 * What was counted, drawn and configured.
 *
 * 1. A counter ends between what was surely counted and that plus what nobody can say: so no increment was lost, and none made twice.
 *    The counts of the locks' sections are written without a look at their versions: there it is the lock that keeps them.
 * 2. No number was drawn twice.
 * 3. Who follows the configuration sees it go forward, as long as its client lives.
 */
import type { CommittedTree } from '@quorate/simulator'
import { paths, sectionPath, soleLocks } from '../words.ts'
import type { Findings, Statement, Testimony } from './judgement.ts'

interface Tally {
  readonly counter: string
  readonly value: number
}

interface Sum {
  sure: number
  /** Nobody can say; what killed workers were at is among it. */
  unsure: number
}

export function judgeCounts({ committed, statements }: Testimony): Findings {
  const sums = sumsOf(statements)
  const tallies = talliesOf(committed)
  const problems = tallies.flatMap(({ counter, value }) => {
    const { sure, unsure } = sums.get(counter) ?? { sure: 0, unsure: 0 }
    if (value >= sure && value <= sure + unsure) return []
    return [`${counter} is at ${value}, and was counted to ${sure}, or ${sure + unsure} at most`]
  })
  const unsure = [...sums.values()].reduce((sum, each) => sum + each.unsure, 0)
  return {
    problems: [...problems, ...drawnTwice(statements), ...goneBack(statements)],
    figures: [
      ...tallies.map(({ counter, value }) => [`value of ${counter}`, value] as const),
      ['counted in doubt', unsure],
    ],
  }
}

function sumsOf(statements: readonly Statement[]): ReadonlyMap<string, Sum> {
  const sums = new Map<string, Sum>()
  /** Begun and not ended, by worker and counter; a counter is counted by one job of a worker, locks by several in turns. */
  const open = new Map<string, number[]>()
  for (const { by, word } of statements) {
    if (word.type !== 'countBegun' && word.type !== 'counted') continue
    const key = `${by} ${word.counter}`
    const begun = open.get(key) ?? []
    open.set(key, begun)
    if (word.type === 'countBegun') {
      begun.push(word.amount)
      continue
    }
    const amount = begun.pop() ?? 0
    const sum = sumOf(sums, word.counter)
    if (word.outcome === 'done') sum.sure += amount
    else if (word.outcome === 'in doubt') sum.unsure += amount
  }
  for (const [key, begun] of open)
    for (const amount of begun) sumOf(sums, key.slice(key.indexOf(' ') + 1)).unsure += amount
  return sums
}

function sumOf(sums: Map<string, Sum>, counter: string): Sum {
  const sum = sums.get(counter) ?? { sure: 0, unsure: 0 }
  sums.set(counter, sum)
  return sum
}

/** What the counters have come to, by the history. */
function talliesOf(committed: CommittedTree): readonly Tally[] {
  const { nodes } = committed.now
  const tally = (counter: string, path: string, valueOf: (bytes: Buffer) => number): Tally => {
    const data = nodes.get(path)?.data ?? ''
    return { counter, value: data === '' ? 0 : valueOf(Buffer.from(data, 'latin1')) }
  }
  return [
    tally(paths.counter, paths.counter, Number),
    tally(paths.long, paths.long, (bytes) => Number(bytes.readBigInt64BE())),
    tally(paths.sharedCount, paths.sharedCount, (bytes) => bytes.readInt32BE()),
    tally(
      paths.config,
      paths.config,
      (bytes) => (JSON.parse(bytes.toString()) as { count: number }).count,
    ),
    ...soleLocks.map((lock) => tally(lock, sectionPath(lock), Number)),
  ]
}

function drawnTwice(statements: readonly Statement[]): readonly string[] {
  const drawnBy = new Map<number, string>()
  for (const { by, word } of statements) {
    if (word.type !== 'numbered') continue
    const other = drawnBy.get(word.number)
    if (other !== undefined) return [`${word.number} was drawn by ${other} and by ${by}`]
    drawnBy.set(word.number, by)
  }
  return []
}

function goneBack(statements: readonly Statement[]): readonly string[] {
  const seenBy = new Map<string, number>()
  for (const { by, word } of statements) {
    if (word.type === 'began') seenBy.delete(by)
    if (word.type !== 'followed') continue
    const before = seenBy.get(by) ?? 0
    if (word.count < before)
      return [`${by} has seen the configuration go from ${before} back to ${word.count}`]
    seenBy.set(by, word.count)
  }
  return []
}
