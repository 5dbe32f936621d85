/** What the servers' own logs tell: who led when, and what should never be found there. */
import { LeaderEpochs } from '@quorate/simulator'
import type { FaultMember } from '../fault-member.ts'

interface LogLine {
  readonly time: number
  readonly code: string
  readonly msg?: string
  readonly role?: string
  readonly epoch?: number
}

/** Signs of a server, or of a peer, that has gone wrong. */
const wrongCodes: ReadonlySet<string> = new Set([
  'DIGEST_MISMATCH',
  'PROPOSAL_GAP',
  'COMMIT_OUT_OF_ORDER',
  'LEADER_BROKEN',
  'SNAP_UNREADABLE',
  'LOG_DAMAGED',
  'LOG_HOLE',
  'LOG_CUT',
  'LOG_ORDER',
])

export interface ServerLogs {
  readonly problems: readonly string[]
  /** Terms in which a leader has served. */
  readonly termCount: number
  readonly countByCode: ReadonlyMap<string, number>
}

export function readServerLogs(members: readonly FaultMember[]): ServerLogs {
  const problems: string[] = []
  const countByCode = new Map<string, number>()
  const terms: { readonly server: string; readonly time: number; readonly epoch: number }[] = []
  for (const member of members) {
    for (const line of linesOf(member.log())) {
      countByCode.set(line.code, (countByCode.get(line.code) ?? 0) + 1)
      if (wrongCodes.has(line.code))
        problems.push(`${member.name}: ${line.code}: ${line.msg ?? ''}`)
      if (line.code === 'TERM_STARTED' && line.role === 'leading')
        terms.push({ server: member.name, time: line.time, epoch: line.epoch ?? 0 })
    }
  }
  // Only leaders' terms: of a process that was killed the last lines may be missing.
  const checker = new LeaderEpochs()
  for (const { server, epoch } of terms.toSorted((a, b) => a.time - b.time)) {
    const role = 'leading'
    const problem = checker.observe({ type: 'termStarted', server, role, epoch, lastZxid: 0 })
    if (problem !== undefined) problems.push(`${checker.name}: ${problem}`)
    checker.observe({ type: 'termEnded', server })
  }
  return { problems, termCount: terms.length, countByCode }
}

/** What is no JSON, as a stack of an exception, is a problem of whoever ended by it. */
function* linesOf(log: string): Generator<LogLine> {
  for (const text of log.split('\n')) {
    if (!text.startsWith('{')) continue
    try {
      yield JSON.parse(text) as LogLine
    } catch {
      // Cut off by a kill.
    }
  }
}
