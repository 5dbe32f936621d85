/** A snapshot file by any name: a copy in a backup can be looked at too. */
import { basename } from 'node:path'
import {
  parseSnapshotName,
  readSnapshot,
  type SnapshotFile,
  type SnapshotSections,
} from '@quorate/log'
import type { Zxid } from '@quorate/protocol'
import { nativeDecompressor, nativePlatform } from '@quorate/server'
import type { TreeLoader } from '@quorate/tree'
import { toolDisk } from '../tool-disk.ts'

/**
 * Reads the file into the loader, once for each call. An uncompressed or snappy file takes a chunk of memory, a gz file as
 * much as it holds.
 * @throws LogError when the file is damaged, and whatever the loader throws as its cause
 */
export function readSnapshotFile(path: string, loader: TreeLoader): SnapshotSections {
  const name = basename(path)
  const snapshot = { name, path, zxid: zxidInName(path) ?? 0, compression: compressionOf(path) }
  const ports = { disk: toolDisk, platform: nativePlatform, decompressor: nativeDecompressor }
  return readSnapshot({ ...ports, snapshot, loader })
}

/** From `snapshot.<hex>`, whatever stands behind it. */
export function zxidInName(path: string): Zxid | undefined {
  return parseSnapshotName(basename(path).split('.').slice(0, 2).join('.'))?.zxid
}

/** By its first bytes: names of copies say nothing for sure. */
function compressionOf(path: string): SnapshotFile['compression'] {
  const file = toolDisk.openForRead(path)
  try {
    const bytes = new Uint8Array(2)
    file.read(bytes, 0, 2, 0)
    if (bytes[0] === 0x1f && bytes[1] === 0x8b) return 'gz'
    return bytes[0] === 0x82 && bytes[1] === 0x53 ? 'snappy' : 'none'
  } finally {
    file.close()
  }
}
