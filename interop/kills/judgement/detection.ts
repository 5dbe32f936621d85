/**
 * What failure detectors said of members: they are lost when they are suspected, or gone.
 *
 * 1. Who is suspected was silent, by what the detector's process could have heard: its last sign of life is some intervals old.
 * 2. Who is called gone was gone: its node went before, and after it was last called alive.
 * 3. Who was killed is lost within a bounded time to every detector that runs and is connected all that time.
 */
import type { Zxid } from '@quorate/protocol'
import { firstState } from '@quorate/simulator'
import { beatMs, paths } from '../words.ts'
import { Attendance } from './attendance.ts'
import type { Findings, Statement, Testimony } from './judgement.ts'

/** Far fewer than make a silence suspicious: some come together behind a stop, and are heard later than they were given. */
const silentBeats = 2
/** Times the session's timeout: a session may live a little longer than that, and begins anew with another leader. */
const noticedMost = 3

export function judgeDetection(testimony: Testimony): Findings {
  const problems: string[] = []
  /** The last transaction that its process had seen then, by detector and member. */
  const aliveAt = new Map<string, Zxid>()
  let [suspicions, losses] = [0, 0]
  for (const { by, atUs, word } of testimony.statements) {
    if (word.type !== 'memberSeen') continue
    const key = `${by} ${word.member}`
    if (word.status === 'alive') aliveAt.set(key, word.zxid)
    else if (word.status === 'suspected') {
      suspicions++
      const silentMs = silence(testimony, { path: beatPath(word.member), atUs, zxid: word.zxid })
      if (silentMs < silentBeats * beatMs)
        problems.push(
          `${by} suspects ${word.member}, which gave a sign of life ${Math.round(silentMs)} ms before`,
        )
    } else {
      losses++
      const span = { from: aliveAt.get(key) ?? 0, untilUs: atUs }
      if (!wasGone(testimony, beatPath(word.member), span))
        problems.push(`${by} calls ${word.member} gone, which was there`)
    }
  }
  const noticed = judgeNotice(testimony)
  return {
    problems: [...problems, ...noticed.problems].slice(0, 10),
    figures: [['suspicions', suspicions], ['members gone', losses], ...noticed.figures],
  }
}

function beatPath(member: string): string {
  return `${paths.beats}/${member}`
}

/** How long ago the node was written, ms, as somebody knows who has seen the transactions up to one. */
function silence(
  { committed, wallClockAheadMs }: Testimony,
  { path, atUs, zxid }: { readonly path: string; readonly atUs: number; readonly zxid: number },
): number {
  const node = committed.nodeAt(path, zxid)
  return node === undefined ? Infinity : atUs / 1_000 + wallClockAheadMs - node.mtime
}

/** Whether the node was not there at some time from a transaction on, up to a moment. */
function wasGone(
  { committed, wallClockAheadMs }: Testimony,
  path: string,
  { from, untilUs }: { readonly from: Zxid; readonly untilUs: number },
): boolean {
  const untilMs = untilUs / 1_000 + wallClockAheadMs
  const last = committed.history.committed.findLast(({ txn }) => txn.header.time <= untilMs)
  const span = { from, to: last?.zxid ?? 0 }
  return firstState(committed.now.statesOf(path), span, (node) => node === undefined) !== undefined
}

function judgeNotice({ workers, statements, sessionTimeoutMs }: Testimony): Findings {
  const boundUs = noticedMost * sessionTimeoutMs * 1_000
  const attendances = workers.map((worker) => ({ worker, attendance: new Attendance(worker) }))
  const problems: string[] = []
  let noticedCount = 0
  for (const { name: killed, killedAtUs: fromUs } of workers) {
    if (fromUs === undefined) continue
    const toUs = fromUs + boundUs
    for (const { worker, attendance } of attendances) {
      if (worker.name === killed) continue
      const seen = statements.filter(
        (statement) =>
          statement.by === worker.name &&
          statement.word.type === 'memberSeen' &&
          statement.word.member === killed,
      )
      if (lostWithin(seen, fromUs, toUs)) noticedCount++
      else if (attendance.covers({ fromUs, toUs }))
        problems.push(
          `${worker.name} has not noticed for ${boundUs / 1_000} ms that ${killed} is dead`,
        )
    }
  }
  return { problems, figures: [['losses noticed', noticedCount]] }
}

/** @param seen what one detector said of one member */
function lostWithin(seen: readonly Statement[], fromUs: number, toUs: number): boolean {
  const before = seen.findLast(({ atUs }) => atUs <= fromUs)?.word
  const wasAlive = before?.type === 'memberSeen' && before.status === 'alive'
  return (
    !wasAlive ||
    seen.some(
      ({ atUs, word }) =>
        atUs > fromUs && atUs <= toUs && word.type === 'memberSeen' && word.status !== 'alive',
    )
  )
}
