import { OpCode, type SessionId, type Txn, type Zxid } from '@quorate/protocol'
import type { Observation, Replied } from '../history/observation.ts'
import { isSessionOwner, type TreeView } from '../history/tree-view.ts'
import { CommittedCursor, formatZxid, type TxnHistory } from '../history/txn-history.ts'
import { effectiveBodies } from '../history/txn-steps.ts'
import { type Checker, committingTypes } from './checker.ts'

/**
 * Ephemeral nodes are there exactly while their session is.
 *
 * 1. Only a session that is alive creates one.
 * 2. The end of a session removes all of its own, in the same transaction.
 * 3. No client is shown one of a session that is over, and no server has one without it.
 */
export class EphemeralOwners implements Checker {
  readonly name = 'ephemeral-owners'
  readonly reads: Checker['reads'] = [...committingTypes, 'connected', 'replied', 'settled']
  readonly #createdAt = new Map<SessionId, Zxid>()
  readonly #closedAt = new Map<SessionId, Zxid>()
  readonly #owners = new Map<string, SessionId>()
  readonly #pathsByOwner = new Map<SessionId, Set<string>>()
  readonly #readOnlyConnections = new Set<number>()
  readonly #cursor: CommittedCursor

  constructor(history: TxnHistory) {
    this.#cursor = new CommittedCursor(history)
  }

  observe(observation: Observation): string | undefined {
    for (let next = this.#cursor.next(); next !== undefined; next = this.#cursor.next()) {
      const problem = this.#applied(next.txn)
      if (problem !== undefined) return problem
    }
    switch (observation.type) {
      case 'connected':
        if (observation.isReadOnly === true) this.#readOnlyConnections.add(observation.connection)
        return undefined
      case 'replied':
        return this.#readOnlyConnections.has(observation.connection)
          ? undefined
          : this.#replied(observation)
      case 'recovered':
      case 'loaded':
      case 'settled':
        return viewProblem(observation.server, observation.view)
      default:
        return undefined
    }
  }

  #applied(txn: Txn): string | undefined {
    const { clientId, zxid } = txn.header
    for (const body of effectiveBodies(txn)) {
      switch (body.type) {
        case OpCode.createSession:
          this.#createdAt.set(clientId, zxid)
          break
        case OpCode.closeSession:
          return this.#closed(clientId, zxid, body.paths2Delete ?? [])
        case OpCode.create:
        case OpCode.create2:
          if (!body.ephemeral) break
          if (!this.#isAlive(clientId, zxid))
            return `session ${clientId} creates the ephemeral ${body.path} at ${formatZxid(zxid)} and is not alive`
          this.#owners.set(body.path, clientId)
          this.#pathsOf(clientId).add(body.path)
          break
        case OpCode.delete:
          this.#removed(body.path)
          break
        default:
          break
      }
    }
    return undefined
  }

  #closed(session: SessionId, zxid: Zxid, paths: readonly string[]): string | undefined {
    this.#closedAt.set(session, zxid)
    for (const path of paths) {
      const owner = this.#owners.get(path)
      if (owner !== session)
        return `the end of session ${session} at ${formatZxid(zxid)} removes ${path}, which belongs to ${owner ?? 'nobody'}`
      this.#removed(path)
    }
    const [left] = this.#pathsOf(session)
    this.#pathsByOwner.delete(session)
    return left === undefined
      ? undefined
      : `the end of session ${session} at ${formatZxid(zxid)} leaves ${left}`
  }

  #removed(path: string): void {
    const owner = this.#owners.get(path)
    if (owner === undefined) return
    this.#owners.delete(path)
    this.#pathsByOwner.get(owner)?.delete(path)
  }

  #pathsOf(session: SessionId): Set<string> {
    const known = this.#pathsByOwner.get(session)
    if (known !== undefined) return known
    const paths = new Set<string>()
    this.#pathsByOwner.set(session, paths)
    return paths
  }

  #replied({ client, operation, answer, zxid }: Replied): string | undefined {
    const shown = answer.stat?.ephemeralOwner
    if (shown === undefined || shown === 0n) return undefined
    const owner = BigInt.asUintN(64, shown) as SessionId
    if (!isSessionOwner(owner) || this.#isAlive(owner, zxid)) return undefined
    return `${client} is shown an ephemeral of session ${owner} at ${formatZxid(zxid)} by ${operation?.type}, and that session is not alive`
  }

  #isAlive(session: SessionId, zxid: Zxid): boolean {
    const createdAt = this.#createdAt.get(session)
    const closedAt = this.#closedAt.get(session)
    return (
      createdAt !== undefined && createdAt <= zxid && (closedAt === undefined || closedAt > zxid)
    )
  }
}

function viewProblem(server: string, view: TreeView): string | undefined {
  for (const [path, { owner }] of view.nodes) {
    if (isSessionOwner(owner) && !view.timeoutMsBySession.has(owner))
      return `${server} has the ephemeral ${path} of session ${owner}, which it does not know`
  }
  return undefined
}
