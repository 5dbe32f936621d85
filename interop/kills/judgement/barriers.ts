/**
 * Rounds through the double barrier, and the gate.
 *
 * 1. Who has entered did so when as many members as are needed had been there at one moment.
 * 2. Who has left did so when all were gone that were there when the barrier opened.
 * 3. Who has passed the gate did so when it was open at some moment of its wait.
 */
import { OpCode } from '@quorate/protocol'
import type { TxnHistory } from '@quorate/simulator'
import { membersPerBarrier, paths, roundPath } from '../words.ts'
import type { Findings, Testimony } from './judgement.ts'

/** A node from one transaction to another. */
interface Stay {
  readonly name: string
  readonly from: number
  to: number
}

export function judgeBarriers({ history, statements }: Testimony): Findings {
  const stays = staysBelow(history, '/barriers/')
  const problems: string[] = []
  let [entered, left, passed] = [0, 0, 0]
  for (const { by, word } of statements) {
    if (word.type === 'entered') {
      entered++
      const most = mostAtOnce(membersOf(stays, word.round), word.zxid)
      if (most < membersPerBarrier)
        problems.push(
          `${by} has entered round ${word.round} when no more than ${most} had been there`,
        )
    } else if (word.type === 'left') {
      left++
      const late = membersOf(stays, word.round).find(
        ({ from, to }) => from <= openedAt(stays, word.round) && to > word.zxid,
      )
      if (late !== undefined)
        problems.push(`${by} has left round ${word.round} while ${late.name} was there`)
    } else if (word.type === 'passed') {
      passed++
      const stood = (stays.get(paths.gate) ?? []).some(
        ({ from, to }) => from <= word.from && to > word.zxid,
      )
      if (stood) problems.push(`${by} has passed the gate, which stood all the time`)
    }
  }
  return {
    problems: problems.slice(0, 10),
    figures: [
      ['barriers entered', entered],
      ['barriers left', left],
      ['gates passed', passed],
    ],
  }
}

function membersOf(stays: ReadonlyMap<string, readonly Stay[]>, round: number): readonly Stay[] {
  const below = `${roundPath(round)}/`
  return [...stays].flatMap(([path, all]) =>
    path.startsWith(below) && path !== `${below}ready` ? all : [],
  )
}

function openedAt(stays: ReadonlyMap<string, readonly Stay[]>, round: number): number {
  return stays.get(`${roundPath(round)}/ready`)?.[0]?.from ?? Infinity
}

/** How many there were together at some moment, up to a transaction. */
function mostAtOnce(stays: readonly Stay[], upTo: number): number {
  const counts = stays
    .filter(({ from }) => from <= upTo)
    .map(({ from: at }) => stays.filter(({ from, to }) => from <= at && to > at).length)
  return Math.max(0, ...counts)
}

function staysBelow(history: TxnHistory, root: string): ReadonlyMap<string, readonly Stay[]> {
  const stays = new Map<string, Stay[]>()
  for (const { txn, zxid } of history.committed) {
    for (const [path, isThere] of changesOf(txn.body)) {
      if (!path.startsWith(root)) continue
      const all = stays.get(path) ?? []
      stays.set(path, all)
      if (isThere) all.push({ name: path, from: zxid, to: Infinity })
      else all.at(-1)!.to = zxid
    }
  }
  return stays
}

/** Paths that are there from now on, or are not. */
function changesOf(
  body: TxnHistory['committed'][number]['txn']['body'],
): readonly (readonly [path: string, isThere: boolean])[] {
  switch (body.type) {
    case OpCode.create:
    case OpCode.create2:
    case OpCode.createContainer:
    case OpCode.createTTL:
      return [[body.path, true]]
    case OpCode.delete:
    case OpCode.deleteContainer:
      return [[body.path, false]]
    case OpCode.closeSession:
      return (body.paths2Delete ?? []).map((path) => [path, false] as const)
    case OpCode.multi:
      return body.txns.some(({ type }) => type === OpCode.error)
        ? []
        : body.txns.flatMap((each) => changesOf(each))
    default:
      return []
  }
}
