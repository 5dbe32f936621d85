import { OpCode, type SessionId, type Txn, type Zxid } from '@quorate/protocol'
import type { CommittedTree } from '../history/committed-tree.ts'
import type { NodeHeld, NodeLeft, Observation, Rested } from '../history/observation.ts'
import { charsOf } from '../history/tree-view.ts'
import { CommittedCursor, formatZxid } from '../history/txn-history.ts'
import { effectiveBodies } from '../history/txn-steps.ts'
import type { Checker } from './checker.ts'

interface Kept {
  readonly client: string
  readonly isEphemeral: boolean
  readonly state: 'wanted' | 'leaving' | 'left'
  /** Undefined: any. */
  readonly value: string | undefined
  /** That has given it up for good. */
  readonly leftBy: SessionId | undefined
}

/**
 * Nodes that recipes keep are kept: those of persistent nodes, group members, registrations and heartbeats.
 *
 * 1. A recipe that says that a node holds a value has written it.
 * 2. When it says that the node is gone, no node of its session is there; nor does that session create it again afterwards, until
 *    the process asks for it.
 * 3. When nothing has happened for a while, each node that is wanted is there, with the last value asked for. An ephemeral one that
 *    nobody wants any more is not.
 */
export class KeptNodes implements Checker {
  readonly name = 'kept-nodes'
  readonly reads: Checker['reads'] = [
    'nodeWanted',
    'nodeHeld',
    'nodeLeaving',
    'nodeLeft',
    'memberEnded',
    'rested',
  ]
  readonly #committed: CommittedTree
  readonly #cursor: CommittedCursor
  readonly #keptByPath = new Map<string, Kept>()
  /** Of nodes that are kept: when each value was written first. */
  readonly #zxidByValueByPath = new Map<string, Map<string, Zxid>>()

  constructor(committed: CommittedTree) {
    this.#committed = committed
    this.#cursor = new CommittedCursor(committed.history)
  }

  observe(observation: Observation): string | undefined {
    const problem = this.#follow()
    if (problem !== undefined) return problem
    switch (observation.type) {
      case 'nodeWanted': {
        const { path, client, isEphemeral, value } = observation
        const kept = { client, isEphemeral, value, state: 'wanted', leftBy: undefined } as const
        this.#keptByPath.set(path, kept)
        return undefined
      }
      case 'nodeHeld':
        return this.#held(observation)
      case 'nodeLeaving':
        return this.#change(observation.path, { state: 'leaving' })
      case 'nodeLeft':
        return this.#left(observation)
      case 'memberEnded':
        for (const [path, { client }] of this.#keptByPath)
          if (client === observation.client) this.#change(path, { state: 'left' })
        return undefined
      case 'rested':
        return this.#rested(observation)
      default:
        return undefined
    }
  }

  #follow(): string | undefined {
    for (let next = this.#cursor.next(); next !== undefined; next = this.#cursor.next()) {
      const problem = this.#happened(next.txn)
      if (problem !== undefined) return problem
    }
    return undefined
  }

  #happened(txn: Txn): string | undefined {
    const { clientId, zxid } = txn.header
    for (const body of effectiveBodies(txn)) {
      if (!('path' in body) || !('data' in body)) continue
      const kept = this.#keptByPath.get(body.path)
      if (kept === undefined) continue
      const value = charsOf(body.data) ?? ''
      const values = this.#zxidByValueByPath.get(body.path) ?? new Map<string, Zxid>()
      this.#zxidByValueByPath.set(body.path, values)
      if (!values.has(value)) values.set(value, zxid)
      if (body.type !== OpCode.setData && kept.leftBy === clientId)
        return `${body.path} is created at ${formatZxid(zxid)} by ${kept.client}, which has given it up`
    }
    return undefined
  }

  #change(path: string, change: Partial<Kept>): undefined {
    const kept = this.#keptByPath.get(path)
    if (kept !== undefined) this.#keptByPath.set(path, { ...kept, ...change })
    return undefined
  }

  #held({ client, path, value, zxid }: NodeHeld): string | undefined {
    const since = this.#zxidByValueByPath.get(path)?.get(value)
    if (since !== undefined && since <= zxid) return undefined
    return `${client} was told that ${path} holds ${value} at ${formatZxid(zxid)}, and it never did`
  }

  #left({ client, path, session }: NodeLeft): string | undefined {
    this.#change(path, { state: 'left', leftBy: session })
    const node = this.#committed.now.nodes.get(path)
    return session !== undefined && node?.owner === session
      ? `${client} was told that ${path} is gone, and it is there since ${formatZxid(node.czxid)}`
      : undefined
  }

  #rested({ client }: Rested): string | undefined {
    const { nodes } = this.#committed.now
    for (const [path, kept] of this.#keptByPath) {
      const node = nodes.get(path)
      if (kept.state === 'left' && kept.isEphemeral && node !== undefined)
        return `${path} is there since ${formatZxid(node.czxid)}, and ${kept.client} does not keep it any more`
      if (kept.client !== client || kept.state !== 'wanted') continue
      if (node === undefined) return `${client} keeps ${path}, and it is not there in the end`
      if (kept.value !== undefined && (node.data ?? '') !== kept.value)
        return `${client} wants ${kept.value} in ${path}, and it holds ${node.data} in the end`
    }
    return undefined
  }
}
