/** Where clients connect: zoo.cfg says it, or the server's line, or both, when they agree. */
import { isIP } from 'node:net'
import type { Member } from '@quorate/consensus'
import { ConfigError, describeSource } from './config-problem.ts'
import type { RawSetting, Settings } from './settings.ts'

/** What `clientPort` and `clientPortAddress` say. */
export interface StaticClientAddress {
  /** Undefined: all addresses. */
  readonly host: string | undefined
  readonly port: number
  readonly setting: RawSetting
}

export interface ClientAddress {
  readonly clientAddress: string | undefined
  /** Undefined: it is said nowhere. */
  readonly clientPort: number | undefined
}

/** @throws ConfigError CONFIG_CONTRADICTION for an address without a port, whatever the server's line says */
export function staticClientAddressOf(settings: Settings): StaticClientAddress | undefined {
  const host = settings.optional('clientPortAddress') as string | undefined
  const port = settings.optional('clientPort') as number | undefined
  const setting = settings.raw('clientPort').at(-1)
  if (setting !== undefined && port !== undefined) return { host, port, setting }
  const address = settings.raw('clientPortAddress').at(-1)
  if (address === undefined || setting !== undefined) return undefined
  throw new ConfigError(
    'CONFIG_CONTRADICTION',
    `${describeSource(address.source)}: clientPortAddress is set but clientPort is not set; add a line such as clientPort=2181`,
  )
}

/**
 * The line's address counts when there is one.
 * @throws ConfigError CONFIG_CONTRADICTION when the two are not the same
 */
export function clientAddressOf(
  fixed: StaticClientAddress | undefined,
  member: Member | undefined,
  origin: string,
): ClientAddress {
  const own = member?.clientAddress
  if (own === undefined) return { clientAddress: fixed?.host, clientPort: fixed?.port }
  if (fixed !== undefined && !areSame(fixed, own)) {
    throw new ConfigError(
      'CONFIG_CONTRADICTION',
      `${describeSource(fixed.setting.source)}: clients are to connect to ${fixed.host ?? '*'}:${fixed.port}, but the line server.${member!.id} in ${origin} says ${own.host}:${own.port}; remove clientPort and clientPortAddress, or make them say the same`,
    )
  }
  return { clientAddress: isAnyAddress(own.host) ? undefined : own.host, clientPort: own.port }
}

function areSame(
  fixed: StaticClientAddress,
  own: { readonly host: string; readonly port: number },
) {
  if (fixed.port !== own.port) return false
  const { host } = fixed
  if (host === undefined || isAnyAddress(host) || host === own.host) return true
  // A name may stand for the address; that is seen when the port is bound.
  return isIP(host) === 0 || isIP(own.host) === 0
}

function isAnyAddress(host: string): boolean {
  return host === '0.0.0.0' || /^[0:]+$/.test(host)
}
