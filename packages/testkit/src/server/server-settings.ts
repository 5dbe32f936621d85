/** The configuration of servers under test: small times, no limits that a test would run into, addresses of this machine. */
import type { ConfigurationDisk } from '@quorate/server'
import { resolveConfig, type ServerConfig } from '@quorate/server'

/** Lines of zoo.cfg by their keys, in addition to those of the kit or in their place. */
export type Settings = Readonly<Record<string, string | number>>

export const loopback = '127.0.0.1'
const dataDir = '/data'
const configFile = `${dataDir}/zoo.cfg`
const myIdFile = `${dataDir}/myid`

const defaults: Settings = {
  dataDir,
  // Sessions may be as short as a test wants to wait for their end.
  tickTime: 100,
  minSessionTimeout: 100,
  maxSessionTimeout: 600_000,
  maxClientCnxns: 0,
  preAllocSize: 0,
  '4lw.commands.whitelist': '*',
}

/** A busy machine may hold a test up for seconds, and no member is to lose another for it. */
const memberDefaults: Settings = {
  ...defaults,
  initLimit: 200,
  syncLimit: 100,
  electionPortBindRetry: 1,
}

/**
 * Of a server alone.
 * @param port 0: any free one
 * @throws ConfigError for settings that no server would take
 */
export function serverConfig(port: number, settings: Settings): ServerConfig {
  const lines = { ...defaults, clientPortAddress: loopback, clientPort: port, ...settings }
  return resolveConfig({ file: { path: configFile, text: textOf(lines) } }).config
}

/** What a member of an ensemble finds on its disk when it is first started: zoo.cfg and myid. */
export function installMember(
  disk: ConfigurationDisk,
  member: {
    readonly serverId: number
    /** Of all members: `server.1`: `127.0.0.1:40001:40002:participant;127.0.0.1:40003` */
    readonly serverLines: Settings
    readonly settings: Settings
  },
): void {
  const text = textOf({ ...memberDefaults, ...member.settings, ...member.serverLines })
  disk.replace(configFile, new TextEncoder().encode(text))
  disk.replace(myIdFile, new TextEncoder().encode(String(member.serverId)))
}

/** As the files of the member are now: a reconfiguration rewrites them. @throws ConfigError */
export function memberConfig(disk: ConfigurationDisk): ServerConfig {
  const readFile = (path: string): string | undefined => {
    const bytes = disk.read(path)
    return bytes && new TextDecoder().decode(bytes)
  }
  return resolveConfig({ file: { path: configFile, text: readFile(configFile)! }, readFile }).config
}

function textOf(lines: Settings): string {
  return Object.entries(lines)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('')
}
