/** How a learner comes to its leader's history. */
import type { PlantedFault } from '../planted-fault.ts'

export const synchronisationFaults: readonly PlantedFault[] = [
  {
    name: 'diff-over-evicted',
    jira: 'ZOOKEEPER-4352',
    explanation:
      'A leader believes that its window in memory reaches back further than it does, and sends a DIFF with a gap.',
    edits: [
      {
        file: 'consensus/src/zab/proposal-window.ts',
        original: '      this.#floor = evicted.zxid\n',
        planted: '',
      },
      {
        file: 'consensus/src/zab/sync-plan.ts',
        original: 'if (peer === window.floor || window.has(peer))',
        planted: 'if (epochOf(peer) === epochOf(max) || window.has(peer))',
      },
    ],
  },
  {
    name: 'diff-without-disk-part',
    jira: 'ZOOKEEPER-2418',
    explanation:
      'A leader sends what is in memory and leaves out what is in its log on disk before that.',
    edits: [
      {
        file: 'consensus/src/zab/learner-sync.ts',
        original: "handler.feed.begin({ kind: 'log', reader, last })",
        planted: "handler.feed.begin({ kind: 'log', reader, last: plan.sendAfter })",
      },
    ],
  },
  {
    name: 'gap-accepted',
    jira: 'ZOOKEEPER-4925',
    explanation:
      'A leader sends a DIFF with a gap, and neither the learner nor its log minds that something is missing.',
    edits: [
      {
        file: 'consensus/src/zab/proposal-window.ts',
        original: '      this.#floor = evicted.zxid\n',
        planted: '',
      },
      {
        file: 'consensus/src/zab/sync-plan.ts',
        original: 'if (peer === window.floor || window.has(peer))',
        planted: 'if (epochOf(peer) === epochOf(max) || window.has(peer))',
      },
      {
        file: 'consensus/src/zab/learned-history.ts',
        original: 'if (!isNext || start < 0)',
        planted: 'if (start < 0)',
      },
      {
        file: 'replica/src/member/disk-history.ts',
        original: 'if (zxid > this.#lastZxid && !isSuccessor(this.#lastZxid, zxid)) {',
        planted: 'if (false) {',
      },
    ],
  },
  {
    name: 'outstanding-not-sent',
    explanation:
      'A learner that joins is not sent what was proposed before and is not yet committed.',
    edits: [
      {
        file: 'consensus/src/zab/learner-sync.ts',
        original:
          'for (const { zxid, bytes } of window.outstanding()) handler.sendProposal(zxid, bytes)',
        planted: 'for (const { zxid, bytes } of []) handler.sendProposal(zxid, bytes)',
      },
    ],
  },
  {
    name: 'ahead-learner-not-truncated',
    explanation:
      'A learner that has more than the leader is sent an empty DIFF instead of a TRUNC.',
    edits: [
      {
        file: 'consensus/src/zab/sync-plan.ts',
        original: "{ kind: 'trunc', zxid: max, sendAfter: max }",
        planted: "{ kind: 'diff', zxid: max, sendAfter: max }",
      },
    ],
  },
  {
    name: 'own-branch-not-truncated',
    explanation:
      'A learner whose last transaction no leader has is sent a DIFF from there, and keeps it.',
    edits: [
      {
        file: 'consensus/src/zab/sync-plan.ts',
        original: "return { kind: 'trunc', zxid: before, sendAfter: before }",
        planted: "return { kind: 'diff', zxid: max, sendAfter: peer }",
      },
      {
        file: 'consensus/src/zab/sync-plan.ts',
        original:
          'if (before === undefined || epochOf(window.firstAfter(peer)) !== epochOf(peer)) return snap',
        planted: '',
      },
    ],
  },
  {
    name: 'memory-kept-after-trunc',
    jira: 'ZOOKEEPER-5094',
    explanation: 'A TRUNC cuts the log, and the tree in memory stays as it was.',
    edits: [
      {
        file: 'replica/src/member/disk-history.ts',
        original: "if (error === undefined) return this.#load('truncated', () => finish(true))",
        planted: `if (error === undefined) {
            this.#adopt(this.#tree, zxid, [])
            this.#options.observer?.loaded(this.#tree, 'truncated')
            return finish(true)
          }`,
      },
    ],
  },
  {
    name: 'memory-kept-after-snap',
    jira: 'ZOOKEEPER-3642',
    explanation: 'A SNAP replaces what is on disk, and the tree in memory stays as it was.',
    edits: [
      {
        file: 'replica/src/member/disk-history.ts',
        original: 'tree = this.#loadReceived(state.temporary, state.zxid)',
        planted: 'tree = this.#tree',
      },
    ],
  },
  {
    name: 'old-log-kept-at-snap',
    jira: 'ZOOKEEPER-2846',
    explanation:
      'The history from before a SNAP stays on disk, and its log is handed on with the hole that follows it.',
    // Harm is done when a server that was sent a SNAP leads before its snapshots make the older log go, and a learner comes whose last
    // transaction is in that log, or at its beginning: an empty server, or one that was away for longer than the leader had been.
    edits: [
      {
        file: 'log/src/received-state.ts',
        original: 'removeAll(disk, dataDirectory, listSnapshots(disk, dataDirectory))',
        planted:
          'removeAll(disk, dataDirectory, listSnapshots(disk, dataDirectory).filter((it) => it.zxid >= zxid))',
      },
      {
        file: 'log/src/received-state.ts',
        original: 'removeAll(disk, logDirectory, listLogs(disk, logDirectory).toReversed())',
        planted: '',
      },
      {
        file: 'log/src/txn-log-reader.ts',
        original: 'if (this.#isFirst && !isSuccessor(before, file.zxid))',
        planted: 'if (false)',
      },
      {
        file: 'replica/src/member/history-log-reader.ts',
        original: 'return this.#reader.next() && isSuccessor(this.zxid, this.#reader.zxid)',
        planted: 'return this.#reader.next()',
      },
    ],
  },
  {
    name: 'trunc-too-little',
    explanation: 'A TRUNC leaves the first transaction that it is to drop.',
    edits: [
      {
        file: 'log/src/truncate-log.ts',
        original: 'else cut ??= reader.place',
        planted: 'else if (before > options.zxid) cut ??= reader.place',
      },
    ],
  },
  {
    name: 'trunc-too-much',
    explanation: 'A TRUNC drops the last transaction that it is to leave.',
    edits: [
      {
        file: 'log/src/truncate-log.ts',
        original: 'if (reader.zxid <= options.zxid) last = reader.zxid\n',
        planted: `if (reader.zxid <= options.zxid) {
        last = reader.zxid
        if (last === options.zxid) cut = reader.place
      }
`,
      },
    ],
  },
  {
    name: 'newer-snapshot-kept-at-trunc',
    jira: 'ZOOKEEPER-1549',
    explanation:
      'A server takes a snapshot of what its log holds when it starts, and a TRUNC leaves a snapshot that holds what it is to drop.',
    // Our servers take snapshots of what is delivered, so that none holds what a TRUNC drops, but for those that are begun between two
    // terms. Apache's take one at their start, with what their log holds and nobody may ever commit. Harm is done when a leader crashes that
    // had proposed something to nobody but itself, takes such a snapshot when it is back, and is told to cut its log by the next leader.
    edits: [
      {
        file: 'replica/src/member/member-snapshots.ts',
        original: 'this.#schedule = new SnapshotSchedule(this.#options, this.#history.replayed)\n',
        planted: `this.#schedule = new SnapshotSchedule(this.#options, this.#history.replayed)
    this.#isDue = this.#history.replayed.replayedCount > 0
    this.takeDue()
`,
      },
      {
        file: 'log/src/truncate-log.ts',
        original: 'snapshots.filter((snapshot) => snapshot.zxid > zxid),',
        planted: 'snapshots.filter(() => false),',
      },
    ],
  },
]
