/** The configuration of servers under test: small times, no limits that a test would run into, any free port of this machine. */
import { resolveConfig, type ServerConfig } from '@quorate/server'

/** Lines of zoo.cfg by their keys, in addition to those of the kit or in their place. */
export type Settings = Readonly<Record<string, string | number>>

const defaults: Settings = {
  // Sessions may be as short as a test wants to wait for their end.
  tickTime: 100,
  minSessionTimeout: 100,
  maxSessionTimeout: 600_000,
  clientPortAddress: '127.0.0.1',
  maxClientCnxns: 0,
  preAllocSize: 0,
  '4lw.commands.whitelist': '*',
}

export interface ServerPlace {
  readonly dataDirectory: string
  /** 0: any free one. */
  readonly port: number
  readonly settings: Settings
}

/** @throws ConfigError for settings that no server would take */
export function serverConfig({ dataDirectory, port, settings }: ServerPlace): ServerConfig {
  const all = { ...defaults, dataDir: dataDirectory, clientPort: port, ...settings }
  const text = Object.entries(all).map(([key, value]) => `${key}=${value}`)
  const file = { path: 'the settings of the test', text: text.join('\n') }
  return resolveConfig({ file }).config
}
