/** The words about watches: wchs, wchc, wchp. They list data and exists watches, as Apache's do. */
import type { InspectedServer } from './inspected-server.ts'

export function wchs(server: InspectedServer): string {
  const { connectionCount, pathCount, watchCount } = server.watches()
  return `${connectionCount} connections watching ${pathCount} paths\nTotal watches:${watchCount}\n`
}

export function wchc(server: InspectedServer): string {
  let text = ''
  for (const [sessionId, paths] of server.watches().pathsBySessionId) {
    text += `0x${sessionId.toString(16)}\n`
    for (const path of paths) text += `\t${path}\n`
  }
  return `${text}\n`
}

export function wchp(server: InspectedServer): string {
  let text = ''
  for (const [path, sessionIds] of server.watches().sessionIdsByPath) {
    text += `${path}\n`
    for (const sessionId of sessionIds) text += `\t0x${sessionId.toString(16)}\n`
  }
  return `${text}\n`
}
