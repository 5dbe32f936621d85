/**
 * The history that the servers agreed on, as it stands in their logs when all have come together and stopped.
 *
 * 1. What stands at a zxid is the same in every log that has it.
 * 2. What one log has side by side has nothing in between in any other. (A log that was replaced by a snapshot has a hole, which is
 *    between two files or at its beginning.)
 * 3. The logs together have every transaction: the counters of an epoch begin with 1 and leave nothing out.
 */
import { join } from 'node:path'
import { listLogs, LogFileReader } from '@quorate/log'
import { decode, txn as txnCodec, type Zxid } from '@quorate/protocol'
import { NodeDisk } from '@quorate/server'
import { formatZxid, isSuccessor, TxnHistory } from '@quorate/simulator'
import type { FaultMember } from '../fault-member.ts'

interface Logged {
  readonly zxid: Zxid
  readonly bytes: Uint8Array
  readonly server: string
}

export interface CommittedHistory {
  readonly history: TxnHistory
  readonly problems: readonly string[]
}

export function readCommittedHistory(members: readonly FaultMember[]): CommittedHistory {
  const problems: string[] = []
  const logged = new Map<Zxid, Logged>()
  /** What follows a transaction in the same file. */
  const nextByZxid = new Map<Zxid, Logged>()
  const disk = new NodeDisk({ chooseSyncMode: () => 'blocking' })
  for (const { name, dataDirectory } of members) {
    for (const { path } of listLogs(disk, join(dataDirectory, 'version-2'))) {
      let before: Logged | undefined
      for (const entry of entriesOf(disk, path, name)) {
        const known = logged.get(entry.zxid)
        if (known === undefined) logged.set(entry.zxid, entry)
        else if (Buffer.compare(known.bytes, entry.bytes) !== 0)
          problems.push(
            `${known.server} and ${name} have different transactions ${formatZxid(entry.zxid)}`,
          )
        if (before !== undefined) noteNext(before, entry)
        before = entry
      }
    }
  }

  function noteNext(before: Logged, entry: Logged): void {
    const known = nextByZxid.get(before.zxid)
    if (known === undefined) nextByZxid.set(before.zxid, entry)
    else if (known.zxid !== entry.zxid)
      problems.push(
        `behind ${formatZxid(before.zxid)} the log of ${known.server} has ${formatZxid(known.zxid)}, that of ${entry.server} has ${formatZxid(entry.zxid)}`,
      )
  }

  const history = new TxnHistory()
  let last = history.root
  for (const { zxid, bytes } of [...logged.values()].toSorted((a, b) => a.zxid - b.zxid)) {
    if (!isSuccessor(zxid, last.zxid))
      problems.push(`no log has what is between ${formatZxid(last.zxid)} and ${formatZxid(zxid)}`)
    const following = nextByZxid.get(last.zxid)
    if (following !== undefined && following.zxid !== zxid)
      problems.push(
        `${logged.get(zxid)!.server} has ${formatZxid(zxid)}, where the log of ${following.server} goes on from ${formatZxid(last.zxid)} to ${formatZxid(following.zxid)}`,
      )
    last = history.add(last, decode(txnCodec, bytes), bytes)
  }
  history.commit(last)
  return { history, problems }
}

function* entriesOf(disk: NodeDisk, path: string, server: string): Generator<Logged> {
  const reader = new LogFileReader(disk, path)
  try {
    while (reader.next())
      yield { zxid: reader.zxid, bytes: reader.bytes.slice(reader.start, reader.end), server }
  } finally {
    reader.close()
  }
}
