/** The server settings under which the servers are compared. */
import type { ServerOptions } from '../harness/server-process.ts'
import { type GeneratorOptions, superDigest } from './request-generator.ts'

export interface Configuration extends GeneratorOptions {
  readonly name: string
  /** Part of all operations that run under it. */
  readonly share: number
  readonly server: ServerOptions
}

/** Sessions outlive the run, so that no expiry falls into it at a time of its own. */
const configuration = [
  'tickTime=2000',
  'minSessionTimeout=1200000',
  'maxSessionTimeout=3600000',
  'snapCount=1000000',
]

/** The cleaner of containers and TTL nodes stays out of it for the same reason. */
const properties = { 'znode.container.checkIntervalMs': '86400000', 'zookeeper.forceSync': 'no' }

export const configurations: readonly Configuration[] = [
  {
    name: 'extended',
    share: 0.65,
    hasQuotas: false,
    hasSuperUser: false,
    server: {
      configuration,
      properties: { ...properties, 'zookeeper.extendedTypesEnabled': 'true' },
    },
  },
  {
    name: 'quota',
    share: 0.25,
    hasQuotas: true,
    hasSuperUser: true,
    server: {
      configuration: [...configuration, 'reconfigEnabled=true'],
      properties: {
        ...properties,
        'zookeeper.extendedTypesEnabled': 'true',
        'zookeeper.enforceQuota': 'true',
        'zookeeper.DigestAuthenticationProvider.superDigest': superDigest,
      },
    },
  },
  {
    name: 'plain',
    share: 0.1,
    hasQuotas: false,
    hasSuperUser: false,
    server: {
      configuration,
      properties: { ...properties, 'zookeeper.extendedTypesEnabled': 'false' },
    },
  },
]
