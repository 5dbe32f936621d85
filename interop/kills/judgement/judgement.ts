/**
 * What the workers said, held against the history in the servers' logs: by the simulation's checkers where they know the recipe, and
 * by those of this folder for the others.
 */
import {
  type Checker,
  CommittedTree,
  FencingTokens,
  isRead,
  LockExclusion,
  MemberViews,
  NodeRemovals,
  type Observation,
  PartitionShares,
  SharedData,
  type TxnHistory,
} from '@quorate/simulator'
import { paths, type Said, sharedItems, type Word } from '../words.ts'
import type { Pause } from '../worker-process.ts'
import { judgeBarriers } from './barriers.ts'
import { judgeCounts } from './counts.ts'
import { judgeDetection } from './detection.ts'
import { judgeHolders } from './holders.ts'
import { judgeKeepers } from './keepers.ts'
import { judgeLeases } from './leases.ts'
import { observationsOf } from './observations.ts'

/** A worker, as far as it is judged. */
export interface Witness {
  readonly name: string
  /** Whether it could not say all. */
  readonly wasKilled: boolean
  /** On the clock of the machine. */
  readonly killedAtUs: number | undefined
  /** When it stood still. */
  readonly pauses: readonly Pause[]
  readonly journal: { readonly said: readonly Said[] }
}

export interface Evidence {
  readonly history: TxnHistory
  readonly workers: readonly Witness[]
  readonly storeFile: string
  readonly sessionTimeoutMs: number
  /** The clock of transactions minus the one of words. */
  readonly wallClockAheadMs: number
  /** How often the leader looks for nodes that are due. */
  readonly containerCheckMs: number
}

/** One word of one worker. */
export interface Statement extends Said {
  readonly by: string
}

export interface Testimony extends Evidence {
  readonly committed: CommittedTree
  /** Of all workers, as they followed each other. */
  readonly statements: readonly Statement[]
}

export interface Judgement {
  /** What is wrong, as sentences. */
  readonly problems: readonly string[]
  /** How much of each there was to judge. */
  readonly figures: ReadonlyMap<string, number>
}

/** Of one part of the judgement. */
export interface Findings {
  readonly problems: readonly string[]
  readonly figures: readonly (readonly [name: string, count: number])[]
}

/** Rejections that the pages of the recipes name. */
const expectedCodes: ReadonlySet<string> = new Set([
  'LockLost',
  'OperationTimeout',
  'SessionExpired',
])

const problemsMost = 10

export function judge(evidence: Evidence): Judgement {
  const testimony = testimonyOf(evidence)
  const { statements } = testimony
  const parts = [
    judgeHolders,
    judgeLeases,
    judgeCounts,
    judgeBarriers,
    judgeKeepers,
    judgeDetection,
  ].map((judgePart) => judgePart(testimony))
  const problems = [
    ...failures(testimony),
    ...checked(testimony),
    ...parts.flatMap(({ problems: found }) => found),
  ]
  const figures = new Map([
    ['transactions', evidence.history.committed.length],
    ...wordFigures(statements),
    ...parts.flatMap(({ figures: counted }) => counted),
  ])
  return { problems, figures }
}

export function testimonyOf(evidence: Evidence): Testimony {
  const statements = evidence.workers
    .flatMap(({ name: by, journal }) => journal.said.map((said): Statement => ({ ...said, by })))
    .toSorted((a, b) => a.atUs - b.atUs)
  return { ...evidence, committed: new CommittedTree(evidence.history), statements }
}

function checked(testimony: Testimony): readonly string[] {
  const { committed, history } = testimony
  const checkers: readonly Checker[] = [
    new LockExclusion(committed),
    new FencingTokens(history),
    new SharedData(committed, { counterPath: paths.counter }),
    new PartitionShares(committed, { path: paths.partition, items: sharedItems }),
    new MemberViews(committed, { root: `${paths.group}/` }),
    new MemberViews(committed, { root: `${paths.services}/` }),
    new NodeRemovals(committed),
  ]
  const observations = observationsOf(testimony)
  return checkers.flatMap((checker) => {
    const problem = firstProblem(checker, observations)
    return problem === undefined ? [] : [`${checker.name}: ${problem}`]
  })
}

function firstProblem(checker: Checker, observations: readonly Observation[]): string | undefined {
  for (const observation of observations) {
    if (!isRead(checker, observation)) continue
    const problem = checker.observe(observation, 0)
    if (problem !== undefined) return problem
  }
  return undefined
}

function failures({ statements }: Testimony): readonly string[] {
  const problems = new Set<string>()
  const withSession = new Set<string>()
  for (const { by, word } of statements) {
    if (word.type === 'connected') withSession.add(by)
    else if (word.type === 'expired' || word.type === 'began') withSession.delete(by)
    const problem = failureProblem(word, withSession.has(by))
    if (problem !== undefined) problems.add(`${by} ${problem}`)
  }
  return [...problems].slice(0, problemsMost)
}

/** While the session lives nobody is left in doubt, but by a deadline of their own, and nothing fails but for a reason. */
function failureProblem(word: Word, hasSession: boolean): string | undefined {
  switch (word.type) {
    case 'failed':
      // No server gave it a new one in time.
      if (word.code === 'ConnectionLoss' && word.applied === 'no' && !hasSession) return undefined
      return expectedCodes.has(word.code) ? undefined : `fails to ${word.job}: ${word.code}`
    case 'counted':
    case 'doubted':
      if (word.code === undefined || word.code === 'SessionExpired') return undefined
      return `is left in doubt by ${word.code}`
    default:
      return undefined
  }
}

function wordFigures(statements: readonly Statement[]): readonly (readonly [string, number])[] {
  const counts = new Map<string, number>()
  for (const { word } of statements) {
    const name = word.type === 'failed' ? `failed ${word.job} ${word.code}` : word.type
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return [...counts].toSorted(([a], [b]) => (a < b ? -1 : 1))
}
