/** The server lines of a zoo.cfg: `server.N=host:peerPort:electionPort[:role][;[clientAddress:]clientPort]`. */
import { ConfigError, describeSource } from './config-problem.ts'
import type { RawSetting } from './settings.ts'

export interface Member {
  readonly id: number
  readonly host: string
  readonly peerPort: number
  readonly electionPort: number
  readonly role: 'participant' | 'observer'
  readonly clientAddress: string | undefined
  readonly clientPort: number | undefined
}

const form =
  'server.N=host:peerPort:electionPort[:participant|observer][;[clientAddress:]clientPort]'

/** @throws ConfigError CONFIG_VALUE_INVALID for a line of another form */
export function parseMember(line: RawSetting): Member {
  const id = Number(/^server\.(\d{1,3})$/.exec(line.name)?.[1])
  const [peer = '', client] = line.value.split(';', 2)
  // Several addresses for one server are separated by '|'; the first names it.
  const address = /^(\[[^\]]+\]|[^:|]+):(\d+):(\d+)(?::(participant|observer))?$/i.exec(
    peer.split('|')[0]!.trim(),
  )
  const clientMatch =
    client === undefined ? undefined : /^(?:(\[[^\]]+\]|[^:]+):)?(\d+)$/.exec(client.trim())
  const ports = [address?.[2], address?.[3], clientMatch?.[2]].map((port) => Number(port ?? 0))
  if (
    !(id >= 0 && id <= 255) ||
    address === null ||
    clientMatch === null ||
    ports.some((port) => port > 65_535)
  ) {
    throw new ConfigError(
      'CONFIG_VALUE_INVALID',
      `${describeSource(line.source)}: found ${line.name}=${line.value}; expected ${form} with N from 0 to 255, for example server.1=10.0.0.1:2888:3888`,
    )
  }
  return {
    id,
    host: withoutBrackets(address[1]!),
    peerPort: ports[0]!,
    electionPort: ports[1]!,
    role: address[4]?.toLowerCase() === 'observer' ? 'observer' : 'participant',
    clientAddress: clientMatch?.[1] === undefined ? undefined : withoutBrackets(clientMatch[1]),
    clientPort: clientMatch === undefined ? undefined : Number(clientMatch[2]),
  }
}

function withoutBrackets(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1')
}

/**
 * The one member that a standalone server may have in its configuration.
 * @throws ConfigError ENSEMBLE_UNSUPPORTED when the lines describe an ensemble
 */
export function standaloneMember(
  members: readonly Member[],
  standaloneEnabled: boolean,
): Member | undefined {
  if (members.length === 0 && standaloneEnabled) return undefined
  const voters = members.filter((member) => member.role === 'participant')
  if (voters.length === 1 && members.length === 1 && standaloneEnabled) return voters[0]
  const found = standaloneEnabled
    ? `${voters.length} participants and ${members.length - voters.length} observers`
    : 'standaloneEnabled=false'
  throw new ConfigError(
    'ENSEMBLE_UNSUPPORTED',
    `the configuration has ${found}: an ensemble is not supported by this version; leave one server line (or none) and standaloneEnabled=true to run standalone`,
  )
}
