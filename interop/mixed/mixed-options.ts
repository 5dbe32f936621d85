/** What all members of mixed ensembles are configured with, so that every kind of node can be made and read. */
import { digestId } from '@quorate/protocol'
import type { EnsembleOptions } from '../harness/ensemble.ts'

export const superUser = 'super:secret'

export const mixedProperties: Readonly<Record<string, string>> = {
  'zookeeper.extendedTypesEnabled': 'true',
  'zookeeper.DigestAuthenticationProvider.superDigest': digestId(superUser),
  // Containers that were used may go at any moment otherwise.
  'znode.container.checkIntervalMs': '86400000',
}

export function mixedOptions(options: EnsembleOptions): EnsembleOptions {
  return { ...options, properties: { ...mixedProperties, ...options.properties } }
}
