/** The word dump: sessions by the time they expire at, their ephemerals, and connections likewise. */
import type { SessionsView } from '@quorate/replica'
import { javaSocketAddress } from './connection-words.ts'
import type { InspectedServer, ListedConnection } from './inspected-server.ts'
import { javaDate } from './java-text.ts'

export function dump(server: InspectedServer): string {
  const sessions = server.sessions()
  const wallOffsetMs = server.wallMs() - server.monotonicMs()
  return (
    `SessionTracker dump:\nSession ${sets(sessionSets(sessions), wallOffsetMs)}` +
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

function sessionSets(sessions: SessionsView): LinesByExpiryMs {
  return new Map(
    [...sessions.sessionIdsByExpiryMs].map(([time, ids]) => [
      time,
      ids.map((id) => `0x${id.toString(16)}`),
    ]),
  )
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
 * by; Apache ZooKeeper keeps a second queue for connections, with coarser times.
 */
function connectionSets(server: InspectedServer, sessions: SessionsView): LinesByExpiryMs {
  const expiryById = new Map<bigint, number>()
  for (const [time, ids] of sessions.sessionIdsByExpiryMs)
    for (const id of ids) expiryById.set(id, time)
  const linesByExpiryMs = new Map<number, string[]>()
  for (const connection of server.connections()) {
    const time = expiryById.get(connection.view.sessionId) ?? expiryWithoutSession(connection)
    const lines = linesByExpiryMs.get(time) ?? []
    const { remoteAddress, remotePort, sessionId } = connection.view
    const address = javaSocketAddress(remoteAddress, remotePort)
    lines.push(`ip: ${address} sessionId: 0x${sessionId.toString(16)}`)
    linesByExpiryMs.set(time, lines)
  }
  return linesByExpiryMs
}

function expiryWithoutSession({ view }: ListedConnection): number {
  return view.establishedAtMs + view.sessionTimeoutMs
}
