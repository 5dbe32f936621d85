/** Transactions that some survivor has and another has not, as the log of one survivor tells them. */
import { isSuccessor, listLogs, LogFileReader, versionDirectory } from '@quorate/log'
import { decode, OpCode, opName, txn as txnCodec, type TxnBody, type Zxid } from '@quorate/protocol'
import { nativePlatform } from '@quorate/server'
import { toolDisk } from '../tool-disk.ts'
import type { Survivor } from './survivor.ts'

export interface LoneTransactions {
  readonly serverId: number
  readonly count: number
  readonly firstZxid: Zxid
  readonly lastZxid: Zxid
  /** The first ones. */
  readonly listed: readonly ListedTransaction[]
  /** False: earlier ones are in a snapshot only, and not counted. */
  readonly isComplete: boolean
}

export interface ListedTransaction {
  readonly zxid: Zxid
  readonly timeMs: number
  readonly type: string
  /** The nodes it is about; several for a multi or the end of a session. */
  readonly paths: readonly string[]
}

const pathsMax = 10

/** What the survivor has after `common`; undefined when there is nothing. */
export function transactionsAfter(
  { serverId, dataLogDir, history }: Survivor,
  common: Zxid,
  listedMax: number,
): LoneTransactions | undefined {
  if (history.lastZxid <= common) return undefined
  const listed: ListedTransaction[] = []
  let count = 0
  let firstZxid = history.lastZxid
  for (const record of recordsAfter(versionDirectory(dataLogDir), common, history.lastZxid)) {
    if (count === 0) firstZxid = record.zxid
    count++
    if (listed.length < listedMax)
      listed.push(summaryOf(record.bytes.subarray(record.start, record.end)))
  }
  const isComplete = count > 0 && isSuccessor(common, firstZxid)
  return { serverId, count, firstZxid, lastZxid: history.lastZxid, listed, isComplete }
}

/** Valid until the next one. Damage in a file that the server does not read any more ends that file only. */
function* recordsAfter(directory: string, common: Zxid, last: Zxid): Iterable<LogFileReader> {
  const files = listLogs(toolDisk, directory)
  const first = files.findLastIndex(({ zxid }) => zxid <= common + 1)
  for (const { path } of files.slice(Math.max(first, 0))) {
    const reader = new LogFileReader(toolDisk, path, nativePlatform)
    try {
      while (reader.next() && reader.zxid <= last) if (reader.zxid > common) yield reader
    } finally {
      reader.close()
    }
  }
}

function summaryOf(bytes: Uint8Array): ListedTransaction {
  const { header, body } = decode(txnCodec, bytes)
  return {
    zxid: header.zxid,
    timeMs: header.time,
    type: opName(body.type) ?? String(body.type),
    paths: pathsOf(body).slice(0, pathsMax),
  }
}

function pathsOf(body: TxnBody): readonly string[] {
  if ('path' in body) return [body.path]
  if (body.type === OpCode.closeSession) return body.paths2Delete ?? []
  return 'txns' in body ? body.txns.flatMap(pathsOf) : []
}
