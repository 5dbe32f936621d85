/**
 * Copies the good part of a log file. The file itself stays as it is, and nothing is overwritten.
 *
 * Compatibility: Apache's tool recovers a record with a wrong checksum by computing a right one over the wrong bytes; here the
 * copy ends before it.
 */
import { existsSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { chopLog, type LogCopy, recoverLog } from '@quorate/log'
import { formatZxid } from '@quorate/protocol'
import { nativePlatform } from '@quorate/server'
import { toolDisk } from '../tool-disk.ts'
import type { LogArguments } from './log-arguments.ts'

/** @throws Error when the copy is there already, or cannot be made; there is none then */
export async function copyLog(
  path: string,
  { action, output, zxid }: LogArguments,
): Promise<LogCopy> {
  const to = output ?? `${path}.${action === 'chop' ? 'chopped' : 'fixed'}`
  if (existsSync(to)) {
    throw new Error(
      `the copy would go to ${to}, which is there already; name another with --output`,
    )
  }
  try {
    const copy = await new Promise<LogCopy>((resolve, reject) => {
      const done = (error: Error | undefined, made?: LogCopy): void =>
        made === undefined ? reject(error ?? new Error('no copy was made')) : resolve(made)
      if (action === 'chop') chopLog(toolDisk, { path, to, zxid }, done, nativePlatform)
      else recoverLog(toolDisk, { path, to }, done, nativePlatform)
    })
    toolDisk.syncDirectory(dirname(to))
    return copy
  } catch (error) {
    rmSync(to, { force: true })
    throw error
  }
}

/** What was copied, and what was not. */
export function copyLines(file: string, copy: LogCopy): readonly string[] {
  const upTo = copy.recordCount === 0 ? '' : ` up to zxid 0x${formatZxid(copy.lastZxid)}`
  const copied = `${file}: ${copy.recordCount} transactions${upTo} copied to ${copy.path}`
  const rest =
    copy.leftOutBytes === 0
      ? 'nothing was left out'
      : `left out: ${copy.leftOutBytes} bytes from byte ${copy.offset} on (${copy.reason})`
  return [copied, rest]
}

export function copyToJson(file: string, copy: LogCopy): Readonly<Record<string, unknown>> {
  const { path, recordCount, lastZxid, endedBy, offset, leftOutBytes, reason } = copy
  const zxid = recordCount === 0 ? {} : { lastZxid: `0x${formatZxid(lastZxid)}` }
  const end = { endedBy, offset, leftOutBytes, reason }
  return { file, copy: path, transactionCount: recordCount, ...zxid, ...end }
}
