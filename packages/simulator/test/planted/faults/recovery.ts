/** How a server comes back from its disk. */
import type { PlantedFault } from '../planted-fault.ts'

export const recoveryFaults: readonly PlantedFault[] = [
  {
    name: 'torn-record-accepted',
    explanation: 'A record is read from the log whatever its checksum says.',
    edits: [
      {
        file: 'log/src/log-file-reader.ts',
        original: 'if (!isFrameValid(chunks.bytes, chunks.position, length, this.#platform)) {',
        planted: 'if (false) {',
      },
    ],
  },
  {
    name: 'zeros-over-records',
    explanation:
      'Zeros are written ahead from where the last finished write ended, over a record that is under way.',
    edits: [
      {
        file: 'log/src/log-file.ts',
        original: '    this.#zerosFrom = this.#size\n',
        planted: '    this.#zerosFrom = this.#position\n',
      },
    ],
  },
  {
    name: 'zeros-end-the-log',
    explanation:
      'A log file whose records are followed by zeros ends the log, with other files behind it.',
    edits: [
      {
        file: 'log/src/txn-log-reader.ts',
        original: "    if (tail.kind === 'damaged') {",
        planted: `    if (tail.kind === 'padding') this.#fileIndex = this.#files.length
    if (tail.kind === 'damaged') {`,
      },
    ],
  },
  {
    name: 'snapshot-without-sessions',
    explanation: 'A snapshot holds the ephemerals, but not the sessions that they belong to.',
    edits: [
      {
        file: 'tree/src/snapshot-walk.ts',
        original: `    head.writeInt(timeoutMsBySession.size)
    for (const [session, timeoutMs] of timeoutMsBySession) {`,
        planted: `    head.writeInt(0)
    for (const [session, timeoutMs] of timeoutMsBySession) {
      break`,
      },
    ],
  },
  {
    name: 'snapshot-of-two-moments',
    explanation: 'Nodes that change while a snapshot is written come into it as they are later.',
    edits: [
      {
        file: 'tree/src/tree-state.ts',
        original: '    this.walk?.writeAhead(node)\n',
        planted: '',
      },
    ],
  },
  {
    name: 'pzxid-lowered-by-snapshot',
    jira: 'ZOOKEEPER-3125',
    explanation: 'A parent that is loaded from a snapshot has the pzxid of its birth.',
    edits: [
      {
        file: 'tree/src/store-loader.ts',
        original: '    nodes.setLong(node, LongField.pzxid, readLong(bytes, statAt + 52))\n',
        planted: '',
      },
    ],
  },
  {
    name: 'sequence-restarts-after-snapshot',
    explanation: 'A parent that is loaded from a snapshot numbers its children from 0 again.',
    edits: [
      {
        file: 'tree/src/store-loader.ts',
        original: '    nodes.setInt(node, IntField.cversion, readInt32(bytes, statAt + 36))\n',
        planted: '',
      },
    ],
  },
  {
    name: 'quota-not-counted-at-load',
    explanation: 'What a quota has used is not counted when a snapshot is loaded.',
    edits: [
      {
        file: 'tree/src/store-loader.ts',
        original: '    this.#quotas.rebuild()\n',
        planted: '',
      },
    ],
  },
]
