/** The tree as the disk has it: the start of a server. */
import {
  type Disk,
  type Recovery,
  recover,
  SnapshotWriter,
  versionDirectory,
  writeSnapshot,
} from '@quorate/log'
import { Tree, type TreeOptions } from '@quorate/tree'
import type { ServerConfig } from './config/server-config.ts'
import { ExitCode } from './exit-code.ts'
import { nativeDecompressor } from './native-gzip.ts'
import { nativePlatform } from './native-platform.ts'
import { ServerError } from './server-error.ts'

export interface RecoveredTree {
  readonly tree: Tree
  readonly recovery: Recovery
}

/**
 * Loads the newest snapshot and replays the log behind it. A first start leaves an empty snapshot behind, without which
 * logs are worth nothing to the next start.
 * @throws ServerError RECOVERY_FAILED
 */
export async function recoverTree(
  config: ServerConfig,
  disk: Disk,
  notices: Required<Pick<TreeOptions, 'digestMismatched' | 'softQuotaExceeded'>>,
): Promise<RecoveredTree> {
  const options: TreeOptions = {
    platform: nativePlatform,
    extendedTypesEnabled: config.extendedTypesEnabled,
    ...notices,
  }
  let tree = new Tree(options)
  let isLoaded = false
  const target = {
    newLoader() {
      tree = new Tree(options)
      isLoaded = true
      return tree.loader()
    },
    replay(_zxid: number, bytes: Uint8Array, start: number, end: number) {
      if (!isLoaded) tree.createSystemNodes()
      isLoaded = true
      tree.apply(bytes, start, end)
    },
  }
  try {
    const recovery = await new Promise<Recovery>((resolve, reject) => {
      const directories = { dataDirectory: config.dataDir, logDirectory: config.dataLogDir }
      const more = {
        platform: nativePlatform,
        decompressor: nativeDecompressor,
        trustsEmptySnapshot: config.trustsEmptySnapshot,
      }
      recover({ disk, ...directories, target, ...more }, (error, found) =>
        found === undefined ? reject(error) : resolve(found),
      )
    })
    if (!isLoaded) tree.createSystemNodes()
    if (recovery.snapshotZxid === undefined) await writeFirstSnapshot(config, disk, tree)
    return { tree, recovery }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new ServerError(
      'RECOVERY_FAILED',
      ExitCode.dataDirectory,
      `the server cannot start from its data directory: ${reason}`,
      { cause: error },
    )
  }
}

async function writeFirstSnapshot(config: ServerConfig, disk: Disk, tree: Tree): Promise<void> {
  const writer = new SnapshotWriter(disk, versionDirectory(config.dataDir), tree.openImage(), {
    platform: nativePlatform,
    writesDigest: config.digestEnabled,
    writesLastZxid: config.snapshotsHaveLastZxid,
  })
  await new Promise<void>((resolve, reject) => {
    writeSnapshot(writer, (error) => (error === undefined ? resolve() : reject(error)))
  })
}
