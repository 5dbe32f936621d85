/** What the text of `/zookeeper/config` says: who belongs to the ensemble, where, and since which transaction. */
import { isWildcardHost, parsePort, splitHostAndPorts, type Zxid } from '@quorate/protocol'
import type { ServerAddress } from './world.ts'

export interface EnsembleConfig {
  /** The transaction that made it; a reconfig may name it as its `version`. */
  readonly version: Zxid
  readonly servers: readonly EnsembleServer[]
}

export interface EnsembleServer {
  readonly id: number
  readonly role: 'participant' | 'observer'
  /** Where its peers find it: more than one if it is in several networks. */
  readonly addresses: readonly PeerAddress[]
  /** Where clients find it; undefined in an ensemble that is configured the old way. */
  readonly clientAddress: ServerAddress | undefined
}

export interface PeerAddress {
  readonly host: string
  readonly quorumPort: number
  readonly electionPort: number
}

/** `server.1=host:2888:3888|host2:2888:3888:participant;client-host:2181` */
const serverLine = /^server\.(\d+)=([^;]+)(?:;(.*))?$/

/** Lines that it does not understand, such as those of groups and weights, are left out. */
export function parseEnsembleConfig(text: string): EnsembleConfig {
  const lines = text.split('\n').map((line) => line.trim())
  return {
    version: Number.parseInt(/^version=([\da-f]+)$/m.exec(text)?.[1] ?? '0', 16),
    servers: lines.flatMap((line) => serverOf(line) ?? []),
  }
}

function serverOf(line: string): EnsembleServer | undefined {
  const [, id, peers, client] = serverLine.exec(line) ?? []
  if (id === undefined || peers === undefined) return undefined
  const parts = peers.split('|').map((address) => splitHostAndPorts(address) ?? [])
  const role = parts.some((address) => address[3] === 'observer') ? 'observer' : 'participant'
  const addresses = parts.flatMap(([host, quorum = '', election = '']) => {
    const [quorumPort, electionPort] = [parsePort(quorum), parsePort(election)]
    if (host === undefined || quorumPort === undefined || electionPort === undefined) return []
    return [{ host, quorumPort, electionPort }]
  })
  return { id: Number(id), role, addresses, clientAddress: clientAddressOf(client, addresses) }
}

/** A port alone, or a host that stands for all of a server's addresses, is found where the peers find it. */
function clientAddressOf(
  client: string | undefined,
  [peer]: readonly PeerAddress[],
): ServerAddress | undefined {
  const [hostOrPort = '', named] = splitHostAndPorts(client ?? '') ?? []
  const port = parsePort(named ?? hostOrPort)
  if (port === undefined) return undefined
  if (named !== undefined && !isWildcardHost(hostOrPort)) return { host: hostOrPort, port }
  return peer === undefined ? undefined : { host: peer.host, port }
}
