/** How a node is to be created. */
import { type Acl, CreateMode, openAcl, ttlMax } from '@quorate/protocol'
import { ZooKeeperError } from './zookeeper-error.ts'

export interface CreateOptions {
  /** The node goes with this session. */
  readonly ephemeral?: boolean
  /** The server appends the parent's counter: ten digits. */
  readonly sequential?: boolean
  /** The server deletes the node some time after its last child is gone. */
  readonly container?: boolean
  /** The server deletes the node when it has no children and was not changed for so many milliseconds. */
  readonly ttl?: number
  /** Default: everybody may do everything. */
  readonly acl?: readonly Acl[]
}

/** The options as the protocol has them. */
export interface CreateFlags {
  readonly mode: CreateMode
  readonly ttl: number
  readonly acl: readonly Acl[]
}

/** @throws ZooKeeperError BadArguments for options that exclude each other and for a ttl out of range */
export function createFlags(path: string, options: CreateOptions): CreateFlags {
  const { ephemeral = false, sequential = false, container = false, ttl, acl = openAcl } = options
  if (container && (ephemeral || sequential))
    throw refused(path, 'a container can be neither ephemeral nor sequential')
  if (ttl === undefined) return { mode: modeWithoutTtl(options), ttl: 0, acl }

  if (ephemeral || container)
    throw refused(path, 'a node with a ttl can be no ephemeral or container')
  if (!Number.isInteger(ttl) || ttl < 1 || ttl > ttlMax)
    throw refused(path, `the ttl is ${ttl}, and 1 to ${ttlMax} milliseconds are allowed`)
  const mode = sequential ? CreateMode.persistentSequentialWithTtl : CreateMode.persistentWithTtl
  return { mode, ttl, acl }
}

/** @throws ZooKeeperError BadArguments for a node that cannot be put back on a new session */
export function requireKeepable(
  path: string,
  options: CreateOptions & { readonly protected?: boolean },
): void {
  const { ephemeral, sequential } = options
  if (!ephemeral)
    throw refused(path, 'only an ephemeral node goes with its session and can be kept')
  if (sequential) throw refused(path, 'a sequential node cannot be kept, it would get another path')
  if (options.protected)
    throw refused(path, 'a protected node cannot be kept, as its path is chosen anew')
}

function modeWithoutTtl({ ephemeral, sequential, container }: CreateOptions): CreateMode {
  if (container) return CreateMode.container
  if (ephemeral) return sequential ? CreateMode.ephemeralSequential : CreateMode.ephemeral
  return sequential ? CreateMode.persistentSequential : CreateMode.persistent
}

function refused(path: string, why: string): ZooKeeperError {
  return new ZooKeeperError('BadArguments', {
    path,
    op: 'create',
    message: `${path} cannot be created so: ${why}.`,
  })
}
