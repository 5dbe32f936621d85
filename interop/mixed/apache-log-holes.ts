/**
 * A known loss of Apache ZooKeeper 3.8.0, which a test of ours must not be blamed for, and must not hide anything else behind:
 * a follower that loses its leader drops what it has acknowledged and not written yet, and goes on with what its memory says that
 * it has (ZOOKEEPER-4712). Its log has a hole then, and its next start shows it.
 */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { LogFileReader } from '@quorate/log'
import { NodeDisk } from '@quorate/server'
import type { EnsembleMember } from '../harness/ensemble-member.ts'

const epochFactor = 2 ** 32

/** A run that says nothing about us: Apache's own server has lost what it had acknowledged. */
export class ApacheLogHole extends Error {
  override readonly name = 'ApacheLogHole'
}

/**
 * @returns where transactions of an epoch are missing within a file that this member has begun as the kind of server that it is
 *   now; undefined when there is no such place
 */
export function holeOf(member: EnsembleMember): string | undefined {
  const directory = join(member.dataDirectory, 'version-2')
  const disk = new NodeDisk({ chooseSyncMode: () => 'blocking' })
  for (const name of readdirSync(directory)) {
    if (!name.startsWith('log.') || member.isInherited(name)) continue
    const hole = holeIn(new LogFileReader(disk, join(directory, name)))
    if (hole !== undefined) return `${name}: ${hole}`
  }
  return undefined
}

function holeIn(reader: LogFileReader): string | undefined {
  let last: number | undefined
  try {
    while (reader.next()) {
      const { zxid } = reader
      const isNext = last === undefined || zxid <= last + 1 || zxid % epochFactor === 1
      if (!isNext) return `0x${zxid.toString(16)} follows 0x${last!.toString(16)}`
      last = zxid
    }
    return undefined
  } finally {
    reader.close()
  }
}
