/**
 * The word dump: sessions by the time they expire at, their ephemerals, and connections likewise. A server that learns from a leader
 * does not know when the ensemble's sessions expire, and lists them with their timeouts.
 */
import type { SessionIdsByExpiry, SessionsView } from '@quorate/replica'
import { javaSocketAddress } from './connection-words.ts'
import type { InspectedServer, ListedConnection } from './inspected-server.ts'
import { javaDate } from './java-text.ts'

export function dump(server: InspectedServer): string {
  const sessions = server.sessions()
  const wallOffsetMs = server.wallMs() - server.monotonicMs()
  return (
    `SessionTracker dump:\n${trackedSessions(sessions, wallOffsetMs)}` +
    `ephemeral nodes dump:\n${ephemerals(sessions)}` +
    `Connections dump:\nConnections ${sets(connectionSets(server, sessions), wallOffsetMs)}`
  )
}

type LinesByExpiryMs = ReadonlyMap<number, readonly string[]>

function sets(linesByExpiryMs: LinesByExpiryMs, wallOffsetMs: number): string {
  const times = [...linesByExpiryMs.keys()].toSorted((a, b) => a - b)
  const total = times.reduce((sum, time) => sum + linesByExpiryMs.get(time)!.length, 0)
  let text = `Sets (${times.length})/(${total}):\n`
  for (const time of times) {
    const lines = linesByExpiryMs.get(time)!
    text += `${lines.length} expire at ${javaDate(time + wallOffsetMs)}:\n`
    for (const line of lines) text += `\t${line}\n`
  }
  return text
}

function trackedSessions(sessions: SessionsView, wallOffsetMs: number): string {
  const { localSessionIdsByExpiryMs: local, sessionIdsByExpiryMs: global } = sessions
  const asSets = (ids: SessionIdsByExpiry): string =>
    `Session ${sets(sessionSets(ids), wallOffsetMs)}`
  const localText = local === undefined ? '' : `Local ${asSets(local)}`
  if (global === undefined) return localText + sessionTimeouts(sessions)
  return localText + (local === undefined ? '' : 'Global ') + asSets(global)
}

function sessionSets(idsByExpiryMs: SessionIdsByExpiry): LinesByExpiryMs {
  return new Map(
    [...idsByExpiryMs].map(([time, ids]) => [time, ids.map((id) => `0x${id.toString(16)}`)]),
  )
}

/** In the order of their ids, which Java takes for signed. */
function sessionTimeouts({ timeoutMsBySessionId }: SessionsView): string {
  const lines = [...timeoutMsBySessionId]
    .map(([id, timeoutMs]) => ({ id, signed: BigInt.asIntN(64, id), timeoutMs }))
    .toSorted((a, b) => (a.signed < b.signed ? -1 : 1))
    .map(({ id, timeoutMs }) => `0x${id.toString(16)}\t${timeoutMs}ms\n`)
  return `Global Sessions(${lines.length}):\n${lines.join('')}`
}

function ephemerals(sessions: SessionsView): string {
  const byId = sessions.ephemeralPathsBySessionId
  let text = `Sessions with Ephemerals (${byId.size}):\n`
  for (const [id, paths] of byId) {
    text += `0x${id.toString(16)}:\n`
    for (const path of paths) text += `\t${path}\n`
  }
  return text
}

/**
 * Compatibility: a connection is listed with the time its session expires at, or that it must have asked for a session
 * by, or on a learner its timeout after it was answered last; Apache ZooKeeper keeps a second queue for connections, with coarser times.
 */
function connectionSets(server: InspectedServer, sessions: SessionsView): LinesByExpiryMs {
  const expiryById = new Map<bigint, number>()
  const { sessionIdsByExpiryMs: global, localSessionIdsByExpiryMs: local } = sessions
  for (const [time, ids] of [...(global ?? []), ...(local ?? [])])
    for (const id of ids) expiryById.set(id, time)
  const linesByExpiryMs = new Map<number, string[]>()
  for (const connection of server.connections()) {
    const time = expiryById.get(connection.view.sessionId) ?? expiryOf(connection)
    const lines = linesByExpiryMs.get(time) ?? []
    const { remoteAddress, remotePort, sessionId } = connection.view
    const address = javaSocketAddress(remoteAddress, remotePort)
    lines.push(`ip: ${address} sessionId: 0x${sessionId.toString(16)}`)
    linesByExpiryMs.set(time, lines)
  }
  return linesByExpiryMs
}

/** Without a session here that expires: by when something has to come. */
function expiryOf({ view }: ListedConnection): number {
  return Math.max(view.establishedAtMs, view.lastResponseAtMs) + view.sessionTimeoutMs
}
