/** The calls that read and change the ensemble's membership. Its node lies outside of any chroot. */
import { type Stat, utf8Decode } from '@quorate/protocol'
import { type Operation, withResult } from './call.ts'
import type { Caller } from './caller.ts'
import { type EnsembleConfig, parseEnsembleConfig } from './ensemble-config.ts'
import * as operations from './operations.ts'
import type { NodePath } from './operations.ts'
import type { ReconfigOptions, WatchOptions } from './options.ts'
import { isWatched, type WatchCalls } from './watch-calls.ts'

export interface Membership extends EnsembleConfig {
  /** The text: the lines of the members' `server.N=…`, and `version=` in hexadecimal. */
  readonly config: string
  readonly stat: Stat
}

export const configPath: NodePath = { server: '/zookeeper/config', client: '/zookeeper/config' }

export function readMembership(
  caller: Caller,
  watches: WatchCalls,
  options: WatchOptions,
): Promise<Membership> {
  return caller.call(options, () => {
    const answered = watches.ofRead('data', configPath, options)
    return membershipOf(operations.getData(configPath, isWatched(options), answered))
  })
}

export function reconfigure(caller: Caller, options: ReconfigOptions): Promise<Membership> {
  return caller.call(options, () =>
    membershipOf(
      operations.reconfig(configPath, {
        joiningServers: options.joining ?? null,
        leavingServers: options.leaving ?? null,
        newMembers: options.members ?? null,
        curConfigId: options.version ?? -1,
      }),
    ),
  )
}

export function membershipOf(
  operation: ReturnType<typeof operations.getData>,
): Operation<Membership> {
  return withResult(operation, ({ data, stat }) => {
    const config = data === null ? '' : utf8Decode(data)
    return { ...parseEnsembleConfig(config), config, stat }
  })
}
