/** The workers' words in the language of the simulation's checkers. */
import type { SessionId } from '@quorate/protocol'
import type { Observation } from '@quorate/simulator'
import { beginning } from '../../faults/judgement/client-checks.ts'
import { paths } from '../words.ts'
import type { Statement, Testimony } from './judgement.ts'

export function observationsOf({
  committed,
  workers,
  statements,
}: Testimony): readonly Observation[] {
  const { now } = committed
  const view = {
    lastZxid: committed.history.lastCommitted.zxid,
    digest: '',
    nodes: now.nodes,
    timeoutMsBySession: new Map(),
  }
  const killed = workers.filter(({ wasKilled }) => wasKilled)
  return [
    beginning,
    ...statements.flatMap((statement) => observationOf(statement) ?? []),
    // What a killed worker was at, nobody knows.
    ...killed.map(({ name: client }): Observation => ({ type: 'dataClientEnded', client })),
    { type: 'settled', server: 'all servers', isServing: true, view },
  ]
}

function observationOf({ by: client, word }: Statement): Observation | undefined {
  switch (word.type) {
    case 'granted': {
      const { lock, path, token, zxid } = word
      return { type: 'granted', client, lock, path, token, zxid }
    }
    case 'shareTaken': {
      const session = BigInt.asUintN(64, BigInt(word.session)) as SessionId
      return { type: 'shareTaken', client, session, items: word.items, zxid: word.zxid }
    }
    case 'shareEnded':
      return { type: 'shareEnded', client }
    case 'looked':
      return {
        type: 'looked',
        client,
        parent: word.parent,
        values: new Map(word.values),
        isAnswer: false,
      }
    case 'began':
      return { type: 'memberEnded', client }
    case 'itemOffered':
      return { ...word, client }
    case 'itemPut':
      return word
    case 'takeBegun':
      return { ...word, client }
    case 'takeEnded':
      return { type: 'takeEnded', client, queue: word.queue, item: word.item, isSure: word.isSure }
    case 'counted':
      if (word.counter !== paths.counter || word.outcome === 'not done') return undefined
      return { type: 'counted', client, isSure: word.outcome === 'done' }
    case 'copied':
      return {
        type: 'copied',
        client,
        root: paths.shared,
        zxid: word.zxid,
        values: new Map(word.values),
      }
    default:
      return undefined
  }
}
