/** Where the members of an ensemble serve clients, by the text of `/zookeeper/config`. */
import { parseEnsembleConfig } from './ensemble-config.ts'
import type { ServerAddress } from './world.ts'

/** Members whose line names no client port, as in an ensemble that is configured the old way, are left out. */
export function memberAddresses(config: string): readonly ServerAddress[] {
  return parseEnsembleConfig(config).servers.flatMap(({ clientAddress }) => clientAddress ?? [])
}
