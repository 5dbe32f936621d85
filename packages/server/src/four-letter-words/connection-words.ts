/** The words about connections: cons and crst; `stat` lists them briefly too. */
import { formatZxid, OpCode } from '@quorate/protocol'
import type { ConnectionView } from '@quorate/replica'
import type { InspectedServer, ListedConnection } from './inspected-server.ts'

/** The abbreviations Apache's connections show for the last request. */
const lastOperationNames: ReadonlyMap<number, string> = new Map<number, string>([
  [OpCode.ping, 'PING'],
  [OpCode.createSession, 'SESS'],
  [OpCode.multi, 'MULT'],
  [OpCode.multiRead, 'MLTR'],
  [OpCode.create, 'CREA'],
  [OpCode.create2, 'CREA'],
  [OpCode.createTTL, 'CREA'],
  [OpCode.createContainer, 'CREA'],
  [OpCode.delete, 'DELE'],
  [OpCode.deleteContainer, 'DELE'],
  [OpCode.setData, 'SETD'],
  [OpCode.reconfig, 'RECO'],
  [OpCode.setACL, 'SETA'],
  [OpCode.closeSession, 'CLOS'],
  [OpCode.sync, 'SYNC'],
  [OpCode.check, 'CHEC'],
  [OpCode.exists, 'EXIS'],
  [OpCode.getData, 'GETD'],
  [OpCode.setWatches, 'SETW'],
  [OpCode.setWatches2, 'STW2'],
  [OpCode.addWatch, 'ADDW'],
  [OpCode.getACL, 'GETA'],
  [OpCode.getChildren, 'GETC'],
  [OpCode.getChildren2, 'GETC'],
  [OpCode.getAllChildrenNumber, 'GETACN'],
  [OpCode.checkWatches, 'CHKW'],
  [OpCode.removeWatches, 'REMW'],
  [OpCode.whoAmI, 'HOMI'],
  [OpCode.getEphemerals, 'GETE'],
])

export function cons(server: InspectedServer): string {
  // A connection's times are monotonic; "est" is a date.
  const wallOffsetMs = server.wallMs() - server.monotonicMs()
  let text = ''
  for (const connection of server.connections()) {
    text += `${briefConnection(connection)}${sessionPart(connection.view, wallOffsetMs)})\n`
  }
  return `${text}\n`
}

/** The start of a connection's line, without the closing parenthesis. */
export function briefConnection({ view, interestOps }: ListedConnection): string {
  const address = javaSocketAddress(view.remoteAddress, view.remotePort)
  return ` ${address}[${interestOps.toString(16)}](queued=${view.outstandingCount},recved=${view.receivedCount},sent=${view.sentCount}`
}

/** As InetSocketAddress prints it: a slash, and brackets with all eight groups around an IPv6 address. */
export function javaSocketAddress(address: string, port: number): string {
  return address.includes(':') ? `/[${expandIpv6(address)}]:${port}` : `/${address}:${port}`
}

function expandIpv6(address: string): string {
  const [bare, zone] = address.split('%', 2) as [string, string | undefined]
  const [head = '', tail] = bare.split('::', 2)
  const before = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length)
  const groups = [...before, ...Array.from({ length: zeros }, () => '0'), ...after]
  return groups.join(':') + (zone === undefined ? '' : `%${zone}`)
}

function sessionPart(view: ConnectionView, wallOffsetMs: number): string {
  if (view.sessionId === 0n) return ''
  const operation =
    view.lastOperation === undefined ? 'NA' : lastOperationNames.get(view.lastOperation)
  const cxid = view.lastCxid >= 0 ? `,lcxid=0x${view.lastCxid.toString(16)}` : ''
  const { minMs, averageMs, maxMs } = view.latency
  return (
    `,sid=0x${view.sessionId.toString(16)}` +
    `,lop=${operation ?? 'NA'}` +
    `,est=${Math.round(view.establishedAtMs + wallOffsetMs)}` +
    `,to=${view.sessionTimeoutMs}${cxid}` +
    `,lzxid=0x${formatZxid(view.lastZxid)}` +
    `,lresp=${Math.round(view.lastResponseAtMs)}` +
    `,llat=${view.lastLatencyMs}` +
    `,minlat=${minMs},avglat=${Math.floor(averageMs)},maxlat=${maxMs}`
  )
}

export function crst(server: InspectedServer): string {
  for (const connection of server.connections()) connection.view.resetStats()
  return 'Connection stats reset.\n'
}
