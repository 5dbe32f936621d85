import { OpCode, type SessionId, type Txn, type Zxid } from '@quorate/protocol'
import type { Observation, Recovered, Replied } from '../history/observation.ts'
import { effectiveBodies } from '../history/txn-steps.ts'
import type { Checker } from './checker.ts'

/**
 * Ephemeral nodes are there exactly while their session is.
 *
 * 1. Only a session that is alive creates one.
 * 2. The end of a session removes all of its own, in the same transaction.
 * 3. No client is shown one of a session that is over, and no server comes back with one.
 */
export class EphemeralOwners implements Checker {
  readonly name = 'ephemeral-owners'
  readonly #createdAt = new Map<SessionId, Zxid>()
  readonly #closedAt = new Map<SessionId, Zxid>()
  readonly #owners = new Map<string, SessionId>()
  #lastZxid: Zxid = 0

  observe(observation: Observation): string | undefined {
    switch (observation.type) {
      case 'applied':
        if (observation.zxid <= this.#lastZxid) return undefined
        this.#lastZxid = observation.zxid
        return this.#applied(observation.txn)
      case 'replied':
        return this.#replied(observation)
      case 'recovered':
        return recovered(observation)
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
            return `session ${clientId} creates the ephemeral ${body.path} at ${zxid} and is not alive`
          this.#owners.set(body.path, clientId)
          break
        case OpCode.delete:
          this.#owners.delete(body.path)
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
        return `the end of session ${session} at ${zxid} removes ${path}, which belongs to ${owner ?? 'nobody'}`
      this.#owners.delete(path)
    }
    for (const [path, owner] of this.#owners)
      if (owner === session) return `the end of session ${session} at ${zxid} leaves ${path}`
    return undefined
  }

  #replied({ client, operation, answer, zxid }: Replied): string | undefined {
    const owner = (answer.stat?.ephemeralOwner ?? 0n) as SessionId
    if (owner === 0n || this.#isAlive(BigInt.asUintN(64, owner) as SessionId, zxid))
      return undefined
    return `${client} is shown an ephemeral of session ${owner} at ${zxid} by ${operation?.type}, and that session is not alive`
  }

  #isAlive(session: SessionId, zxid: Zxid): boolean {
    const createdAt = this.#createdAt.get(session)
    const closedAt = this.#closedAt.get(session)
    return (
      createdAt !== undefined && createdAt <= zxid && (closedAt === undefined || closedAt > zxid)
    )
  }
}

function recovered({ server, view }: Recovered): string | undefined {
  for (const [path, { owner }] of view.nodes) {
    if (owner !== 0n && !view.timeoutMsBySession.has(owner))
      return `${server} came back with the ephemeral ${path} of session ${owner}, which it does not know`
  }
  return undefined
}
