/** `host1:port1,host2:port2/chroot`: where the servers are, and the node that this client sees as its root. */
import { pathProblem } from '@quorate/protocol'
import type { ServerAddress } from './world.ts'
import { ZooKeeperError } from './zookeeper-error.ts'

export interface ConnectString {
  readonly servers: readonly ServerAddress[]
  /** A path, or '' for none. */
  readonly chroot: string
}

export const portDefault = 2181

/** @throws ZooKeeperError BadArguments when the text names no server, a bad port or a bad chroot */
export function parseConnectString(text: string): ConnectString {
  const slash = text.indexOf('/')
  const hosts = slash < 0 ? text : text.slice(0, slash)
  const chroot = slash < 0 || slash === text.length - 1 ? '' : text.slice(slash)
  if (chroot !== '') {
    const problem = pathProblem(chroot)
    if (problem !== undefined) throw invalid(text, `the chroot ${chroot} is no path: ${problem}`)
  }
  const servers = hosts
    .split(',')
    .map((host) => host.trim())
    .filter((host) => host !== '')
    .map((host) => parseServer(text, host))
  if (servers.length === 0) throw invalid(text, 'it names no server')
  return { servers, chroot }
}

/** A host name, an IPv4 address or an IPv6 address in brackets, with or without a port. */
function parseServer(text: string, server: string): ServerAddress {
  const match = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(server)
  if (match === null) throw invalid(text, `"${server}" is not host, host:port or [ipv6]:port`)
  const port = match[3] === undefined ? portDefault : Number(match[3])
  if (port < 1 || port > 65_535) throw invalid(text, `the port ${port} is not in 1 to 65535`)
  return { host: match[1] ?? match[2]!, port }
}

function invalid(text: string, why: string): ZooKeeperError {
  return new ZooKeeperError('BadArguments', {
    message: `the connect string "${text}" cannot be used: ${why}. Write it as host1:2181,host2:2181/chroot.`,
  })
}
