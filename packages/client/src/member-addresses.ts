/** Where the members of an ensemble serve clients, by the text of `/zookeeper/config`. */
import type { ServerAddress } from './world.ts'

/** `server.1=host:2888:3888:participant;client-host:2181`, with the addresses of several networks between bars. */
const memberLine = /^server\.\d+=([^;]+);(?:(.+):)?(\d+)$/
/** Addresses that mean all of a server's own. */
const anyAddress: ReadonlySet<string> = new Set(['0.0.0.0', '::', '0:0:0:0:0:0:0:0'])

/** Members whose line names no client port, as in an ensemble that is configured the old way, are left out. */
export function memberAddresses(config: string): readonly ServerAddress[] {
  const servers: ServerAddress[] = []
  for (const line of config.split('\n')) {
    const match = memberLine.exec(line.trim())
    if (match === null) continue
    const [, member = '', clientHost, clientPort] = match
    const host = clientHost === undefined ? undefined : withoutBrackets(clientHost)
    const isNamed = host !== undefined && !anyAddress.has(host)
    servers.push({ host: isNamed ? host : hostOf(member), port: Number(clientPort) })
  }
  return servers
}

/** The host before the two ports of the peers: a name, an IPv4 address, or an IPv6 address in brackets. */
function hostOf(member: string): string {
  const match = /^(\[[^\]]+\]|[^:]+):/.exec(member)
  return withoutBrackets(match?.[1] ?? member)
}

function withoutBrackets(host: string): string {
  return host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host
}
