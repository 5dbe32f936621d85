/**
 * Nodes with a time to live, which are touched as long as their keepers live.
 *
 * 1. While its keeper runs and is connected, no server takes such a node away. (That none goes before its time, whoever kept it, is
 *    for {@link NodeRemovals} to say.)
 * 2. When its keeper was killed it goes, and does so within a bounded time of the ensemble's: of its time to live, of a leader's looks
 *    for the child and then for the container above, and of some slack. The time begins anew when a leader does.
 */
import { OpCode } from '@quorate/protocol'
import type { TxnHistory } from '@quorate/simulator'
import { paths, ttlMs } from '../words.ts'
import { Attendance } from './attendance.ts'
import type { Findings, Testimony, Witness } from './judgement.ts'

/** For a leader that stood still for a moment, and a busy machine. */
const slackMs = 6_000
const epochFactor = 0x1_0000_0000

/** A time without a leader, on the clock of transactions. */
interface Interregnum {
  readonly fromMs: number
  readonly toMs: number
}

export function judgeKeepers(testimony: Testimony): Findings {
  const { history, workers, containerCheckMs, wallClockAheadMs } = testimony
  const problems: string[] = []
  const removals = removalsIn(history)
  const interregna = interregnaOf(history)
  let outlivedCount = 0
  for (const worker of workers) {
    const attendance = new Attendance(worker)
    for (const { path, atMs } of removals) {
      if (path !== touchedPath(worker)) continue
      const toUs = usOf(atMs, wallClockAheadMs)
      if (attendance.covers({ fromUs: toUs - ttlMs * 1_000, toUs }))
        problems.push(`${path} was taken away, though ${worker.name} was there to touch it`)
    }
    if (worker.killedAtUs === undefined) continue
    outlivedCount++
    const killedAtMs = worker.killedAtUs / 1_000 + wallClockAheadMs
    const boundMs = ttlMs + 2 * containerCheckMs + slackMs
    const dueMs = dueAfter({ fromMs: killedAtMs, boundMs, interregna })
    const goneMs = goneAtMs(testimony, nodePath(worker))
    if (goneMs > dueMs)
      problems.push(
        `${nodePath(worker)} was there ${Math.round(goneMs - killedAtMs)} ms after ${worker.name} was killed`,
      )
  }
  return {
    problems,
    figures: [
      ['TTL nodes of killed workers gone', outlivedCount],
      ['TTL nodes taken away', removals.filter(({ path }) => isBelow(path, paths.ttl)).length],
    ],
  }
}

function nodePath({ name }: Witness): string {
  return `${paths.ttl}/${name}`
}

function touchedPath(worker: Witness): string {
  return `${nodePath(worker)}/touch`
}

function isBelow(path: string, parent: string): boolean {
  return path.startsWith(`${parent}/`) && path.endsWith('/touch')
}

function usOf(wallMs: number, wallClockAheadMs: number): number {
  return (wallMs - wallClockAheadMs) * 1_000
}

/** By servers, of their own accord. */
function removalsIn(history: TxnHistory): readonly { path: string; atMs: number }[] {
  return history.committed.flatMap(({ txn: { header, body } }) =>
    body.type === OpCode.deleteContainer ? [{ path: body.path, atMs: header.time }] : [],
  )
}

/** Infinity: it is there. */
function goneAtMs({ committed, history }: Testimony, path: string): number {
  const last = committed.now.statesOf(path).at(-1)
  if (last === undefined) return -Infinity
  if (last.node !== undefined) return Infinity
  return history.committed.find(({ zxid }) => zxid === last.zxid)!.txn.header.time
}

function interregnaOf({ committed }: TxnHistory): readonly Interregnum[] {
  return committed.flatMap(({ zxid, txn }, i) => {
    const before = committed[i - 1]
    const isFirst =
      before !== undefined &&
      Math.floor(before.zxid / epochFactor) !== Math.floor(zxid / epochFactor)
    return isFirst ? [{ fromMs: before.txn.header.time, toMs: txn.header.time }] : []
  })
}

function dueAfter(options: {
  readonly fromMs: number
  readonly boundMs: number
  readonly interregna: readonly Interregnum[]
}): number {
  const { boundMs, interregna } = options
  let dueMs = options.fromMs + boundMs
  for (const { fromMs, toMs } of interregna)
    if (fromMs <= dueMs) dueMs = Math.max(dueMs, toMs + boundMs)
  return dueMs
}
