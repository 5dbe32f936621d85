/** A log file as text or JSON lines, or only checked. */
import { describeTxn, txnToJson } from '@quorate/log'
import { decode, txn, type Zxid } from '@quorate/protocol'
import { rememberSecond } from '../second-memory.ts'
import type { TextOutput } from '../text-output.ts'
import { type LogScan, scanLog } from './log-scan.ts'

/** Java's short date and long time: `11/22/26, 1:09:02 PM UTC`. */
const timeFormat = new Intl.DateTimeFormat('en-US', { dateStyle: 'short', timeStyle: 'long' })
const formatTime = rememberSecond((timeMs) => timeFormat.format(timeMs))

/** Prints every transaction as Apache's TxnLogToolkit does. */
export function listLog(file: string, output: TextOutput): LogScan {
  const scan = scanLog(file, {
    header({ dbId, version }) {
      const format = `txnlog format version ${version}`
      output.line(`ZooKeeper Transactional Log File with dbid ${dbId} ${format}`)
    },
    transaction: (bytes) => output.line(describeTxn(bytes, formatTime)),
  })
  if (scan.problem === undefined) output.line(`EOF reached after ${scan.transactionCount} txns.`)
  return scan
}

/** Prints one object a transaction. */
export function listLogAsJson(file: string, output: TextOutput): LogScan {
  return scanLog(file, {
    transaction: (bytes) => output.line(JSON.stringify(txnToJson(bytes))),
  })
}

/** Prints one line about the file. */
export function verifyLog(file: string, output: TextOutput, wantsJson: boolean): LogScan {
  const scan = scanLog(file, { transaction: (bytes) => void decode(txn, bytes) })
  output.line(wantsJson ? JSON.stringify(scanToJson(scan)) : scanText(scan))
  return scan
}

function scanText({ file, transactionCount, firstZxid, lastZxid, problem }: LogScan): string {
  const range = transactionCount === 0 ? '' : `, zxid ${hex(firstZxid)} to ${hex(lastZxid)}`
  return `${file}: ${transactionCount} transactions${range}, ${problem?.kind ?? 'whole'}`
}

function scanToJson({ file, transactionCount, firstZxid, lastZxid, problem }: LogScan) {
  const zxids = transactionCount === 0 ? {} : { firstZxid: hex(firstZxid), lastZxid: hex(lastZxid) }
  const { kind: state = 'whole', ...place } = problem ?? {}
  return { file, transactionCount, ...zxids, state, ...place }
}

function hex(zxid: Zxid): string {
  return `0x${zxid.toString(16)}`
}
