/**
 * Watches: for every connection the tables that the server must keep are kept here too, and with each reply it is known which
 * events had to come before it.
 *
 * 1. When a reply shows the zxid z, exactly the events of the changes up to z have come that the watches set before then ask
 *    for: none is missing, none is there twice, and they are in the order of the changes.
 * 2. Before the reply of setWatches come the events of what changed since the zxid that the client gave.
 * 3. Of what changed up to that zxid every event had come on the connection before.
 */
import { ErrorCode, EventType, type Zxid } from '@quorate/protocol'
import { watchKind } from '../client/client-watches.ts'
import type { WatchLists } from '../client/operation.ts'
import type { CommittedTree } from '../history/committed-tree.ts'
import type { Disconnected, Notified, Observation, Replied } from '../history/observation.ts'
import { CommittedCursor, formatZxid } from '../history/txn-history.ts'
import { stepsOf, type Step } from '../history/txn-steps.ts'
import type { Checker } from './checker.ts'
import { WatchTables } from './watch-tables.ts'

interface WatchEvent {
  readonly event: EventType
  readonly path: string
  readonly zxid: Zxid
}

interface WatchedConnection {
  readonly tables: WatchTables
  /** Events that came and that no reply has accounted for yet. */
  received: Notified[]
  /** How many transactions the tables have seen. */
  txnCount: number
  /** Whether a reply has shown how far the server is. */
  isUsed: boolean
}

export class WatchOrder implements Checker {
  readonly name = 'watch-order'
  readonly reads: Checker['reads'] = ['connected', 'notified', 'replied', 'disconnected']
  readonly #committed: CommittedTree
  readonly #cursor: CommittedCursor
  readonly #txns: { readonly zxid: Zxid; readonly steps: readonly Step[] }[] = []
  readonly #connections = new Map<number, WatchedConnection>()
  /** By client, the last connection that was used and is lost. */
  readonly #left = new Map<string, WatchedConnection>()

  constructor(committed: CommittedTree) {
    this.#committed = committed
    this.#cursor = new CommittedCursor(committed.history)
  }

  observe(observation: Observation): string | undefined {
    switch (observation.type) {
      case 'connected':
        // A read-only server may tell of what was never committed.
        if (observation.isReadOnly === true) {
          this.#left.delete(observation.client)
          return undefined
        }
        this.#connections.set(observation.connection, {
          tables: new WatchTables(),
          received: [],
          txnCount: 0,
          isUsed: false,
        })
        return undefined
      case 'notified':
        this.#connections.get(observation.connection)?.received.push(observation)
        return undefined
      case 'replied':
        return this.#replied(observation)
      case 'disconnected':
        this.#leave(observation)
        return undefined
      default:
        return undefined
    }
  }

  #replied(reply: Replied): string | undefined {
    const connection = this.#connections.get(reply.connection)
    const { operation, zxid } = reply
    if (connection === undefined || operation === undefined || zxid < 0) return undefined
    if (zxid === 0) {
      // Nothing has changed yet, or credentials were answered without a look at the state.
      this.#register(connection.tables, reply)
      return undefined
    }
    connection.isUsed = true
    if (operation.type === 'setWatches') {
      const problem = this.#missed(reply.client, operation.relativeZxid)
      if (problem !== undefined) return problem
    }
    const expected = this.#advance(connection, zxid)
    if (operation.type === 'setWatches')
      expected.push(...this.#catchUp(operation.watches, operation.relativeZxid, zxid))
    const { received } = connection
    if (received.length > 0) connection.received = []
    const wrongAt = expected.findIndex((event, at) => !isSameEvent(event, received[at]))
    if (wrongAt >= 0 || received.length > expected.length) {
      const at = wrongAt < 0 ? expected.length : wrongAt
      return `before the reply to ${reply.xid} at ${formatZxid(zxid)} on n${reply.connection} of ${reply.client}, event ${at + 1} is ${describeEvent(received[at]) ?? 'missing'}; expected is ${describeEvent(expected[at]) ?? 'none'}`
    }
    this.#register(connection.tables, reply)
    return undefined
  }

  #leave({ client, connection: id }: Disconnected): void {
    const connection = this.#connections.get(id)
    this.#connections.delete(id)
    if (connection?.isUsed === true) this.#left.set(client, connection)
  }

  /** What the client should have been told on its last connection, as it says that it knows all up to `since`. */
  #missed(client: string, since: Zxid): string | undefined {
    const left = this.#left.get(client)
    if (left === undefined) return undefined
    this.#left.delete(client)
    const missed = this.#advance(left, since).find(
      (event, at) => !isSameEvent(event, left.received[at]),
    )
    return missed === undefined
      ? undefined
      : `${client} sets its watches since ${formatZxid(since)} and has not been told of ${describeEvent(missed)}`
  }

  /** The events of all changes up to `zxid`. */
  #advance(connection: WatchedConnection, zxid: Zxid): WatchEvent[] {
    for (let next = this.#cursor.next(); next !== undefined; next = this.#cursor.next())
      this.#txns.push({ zxid: next.zxid, steps: stepsOf(next.txn) })
    const events: WatchEvent[] = []
    if (connection.tables.isEmpty) connection.txnCount = this.#countUpTo(connection.txnCount, zxid)
    for (; connection.txnCount < this.#txns.length; connection.txnCount++) {
      const txn = this.#txns[connection.txnCount]!
      if (txn.zxid > zxid) break
      for (const step of txn.steps) {
        const { event, path } = step
        if (connection.tables.fire(step)) events.push({ event, path, zxid: txn.zxid })
      }
    }
    return events
  }

  /** How many transactions there are up to `zxid`, which are at least `least`. */
  #countUpTo(least: number, zxid: Zxid): number {
    let low = least
    let high = this.#txns.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#txns[middle]!.zxid <= zxid) low = middle + 1
      else high = middle
    }
    return low
  }

  #catchUp(watches: WatchLists, since: Zxid, zxid: Zxid): readonly WatchEvent[] {
    const events: WatchEvent[] = []
    const tell = (path: string, event: EventType): void => {
      events.push({ event, path, zxid: -1 })
    }
    for (const path of watches.data) {
      const node = this.#committed.nodeAt(path, zxid)
      if (node === undefined) tell(path, EventType.nodeDeleted)
      else if (node.mzxid > since) tell(path, EventType.nodeDataChanged)
    }
    for (const path of watches.exist)
      if (this.#committed.nodeAt(path, zxid) !== undefined) tell(path, EventType.nodeCreated)
    for (const path of watches.child) {
      const node = this.#committed.nodeAt(path, zxid)
      if (node === undefined) tell(path, EventType.nodeDeleted)
      else if (node.pzxid > since) tell(path, EventType.nodeChildrenChanged)
    }
    return events
  }

  #register(tables: WatchTables, reply: Replied): void {
    const { operation, err, zxid } = reply
    if (operation === undefined) return
    if (operation.type === 'setWatches') {
      this.#registerAgain(tables, operation.watches, operation.relativeZxid, zxid)
      return
    }
    const isFound = err === ErrorCode.Ok
    if (operation.type === 'removeWatches' && isFound) tables.remove(operation.kind, operation.path)
    if (!isFound && err !== ErrorCode.NoNode) return
    const kind = watchKind(operation, isFound)
    if (kind !== undefined && 'path' in operation) tables.add(kind, operation.path)
  }

  /** Those of which nothing was told. */
  #registerAgain(tables: WatchTables, watches: WatchLists, since: Zxid, zxid: Zxid): void {
    for (const path of watches.data) {
      const node = this.#committed.nodeAt(path, zxid)
      if (node !== undefined && node.mzxid <= since) tables.add('data', path)
    }
    for (const path of watches.exist)
      if (this.#committed.nodeAt(path, zxid) === undefined) tables.add('exist', path)
    for (const path of watches.child) {
      const node = this.#committed.nodeAt(path, zxid)
      if (node !== undefined && node.pzxid <= since) tables.add('child', path)
    }
    for (const path of watches.persistent) tables.add('persistent', path)
    for (const path of watches.recursive) tables.add('recursive', path)
  }
}

const eventNames = new Map<number, string>(
  Object.entries(EventType).map(([name, number]) => [number, name]),
)

function isSameEvent(a: WatchEvent, b: WatchEvent | undefined): boolean {
  return b !== undefined && a.zxid === b.zxid && a.event === b.event && a.path === b.path
}

function describeEvent(event: WatchEvent | undefined): string | undefined {
  if (event === undefined) return undefined
  return `${eventNames.get(event.event) ?? event.event} ${event.path} at ${event.zxid}`
}
