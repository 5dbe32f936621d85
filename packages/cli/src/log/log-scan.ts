/** Goes through one log file. Its checksums are checked on the way, whatever is made of the transactions. */
import { LogError, LogFileReader, type LogHeader, type LogTail } from '@quorate/log'
import { JuteError, type Zxid } from '@quorate/protocol'
import { nativePlatform } from '@quorate/server'
import { toolDisk } from '../tool-disk.ts'

export interface LogVisitor {
  header?(header: LogHeader): void
  /** A transaction; `bytes` is valid during the call. Throws JuteError when they are none. */
  transaction(bytes: Uint8Array, zxid: Zxid): void
}

export interface LogScan {
  readonly file: string
  readonly transactionCount: number
  /** −1: none. */
  readonly firstZxid: Zxid
  readonly lastZxid: Zxid
  /** What is wrong behind the last transaction; undefined when the file ends there, or with zeros. */
  readonly problem: LogProblem | undefined
}

export interface LogProblem {
  /** `torn`: what a crash leaves of an unfinished write, with which a server starts. `damaged`: it does not start. */
  readonly kind: 'torn' | 'damaged'
  readonly offset: number
  /** With the file and the offset. */
  readonly message: string
}

/**
 * Compatibility: Apache's tool prints a record with a wrong checksum and goes on behind it; here the listing ends there.
 * @throws Error when the file cannot be read
 */
export function scanLog(file: string, visitor: LogVisitor): LogScan {
  let transactionCount = 0
  let firstZxid = -1
  let lastZxid = -1
  let reader: LogFileReader | undefined
  const end = (problem: LogProblem | undefined): LogScan => {
    return { file, transactionCount, firstZxid, lastZxid, problem }
  }
  try {
    reader = new LogFileReader(toolDisk, file, nativePlatform)
    if (reader.header !== undefined) visitor.header?.(reader.header)
    while (reader.next()) {
      visitor.transaction(reader.bytes.subarray(reader.start, reader.end), reader.zxid)
      if (transactionCount++ === 0) firstZxid = reader.zxid
      lastZxid = reader.zxid
    }
    return end(tailProblem(reader.tail!))
  } catch (error) {
    if (error instanceof LogError) {
      return end({ kind: 'damaged', offset: error.offset ?? 0, message: error.message })
    }
    if (!(error instanceof JuteError) || reader === undefined) throw error
    const { offset, zxid } = reader
    const found = `the record of zxid 0x${zxid.toString(16)} has a right checksum but is no transaction`
    const message = `${file} at byte ${offset}: ${found}: ${error.message}`
    return end({ kind: 'damaged', offset, message })
  } finally {
    reader?.close()
  }
}

function tailProblem({ kind, file, offset, reason, discardedBytes }: LogTail) {
  if (kind === 'clean' || kind === 'padding') return undefined
  const place = `${file} at byte ${offset}: ${reason}`
  const message =
    kind === 'torn'
      ? `${place}; these last ${discardedBytes} bytes may be the remains of an unfinished write, which a server cuts off when it starts`
      : `${place}; "quorate log --recover" copies what stands before it`
  return { kind, offset, message }
}
