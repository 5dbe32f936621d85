/** What counts before it is on disk. */
import type { PlantedFault } from '../planted-fault.ts'

export const durabilityFaults: readonly PlantedFault[] = [
  {
    name: 'ack-before-fsync',
    explanation: 'A follower acknowledges a proposal when it is appended, not when it is durable.',
    edits: [
      {
        file: 'consensus/src/zab/learned-history.ts',
        original: '      if (zxid > logSync.durable) break\n',
        planted: '',
      },
      {
        file: 'consensus/src/zab/learned-history.ts',
        original: 'ports.history.append(window.push(zxid, bytes, start, end))\n',
        planted:
          'ports.history.append(window.push(zxid, bytes, start, end))\n    this.acknowledge()\n',
      },
    ],
  },
  {
    name: 'own-vote-before-fsync',
    explanation: 'A leader counts its own log before the sync that covers the proposal is done.',
    edits: [
      {
        file: 'consensus/src/zab/broadcast.ts',
        original: 'return this.#parts.logSync.durable',
        planted: 'return this.#parts.window.lastZxid',
      },
    ],
  },
  {
    name: 'sync-reported-early',
    explanation: 'The log says that a sync is done while it is under way.',
    edits: [
      {
        file: 'log/src/log-file.ts',
        original: 'if (this.#isSyncForced) handOver((handed) => this.#file.sync(handed), done)',
        planted: `if (this.#isSyncForced) {
      handOver((handed) => this.#file.sync(handed), () => {})
      done()
    }`,
      },
    ],
  },
  {
    name: 'append-forgotten',
    explanation: 'One transaction in fifty does not come into the log.',
    edits: [
      {
        file: 'replica/src/member/disk-history.ts',
        original: 'this.#log.append(zxid, bytes)',
        planted: 'if (zxid % 50 !== 0) this.#log.append(zxid, bytes)',
      },
    ],
  },
  {
    name: 'epoch-before-history',
    jira: 'ZOOKEEPER-4643',
    explanation: 'At NEWLEADER a learner writes currentEpoch before its history is durable.',
    // Harm is done when a learner loses its power between the two writes, its leader is gone before others have taken the epoch, and those
    // elect with the learner: it has the later epoch and the shorter log, wins, and cuts off what was committed. epochs-on-disk judges the
    // disk at every moment as if the power failed then, so it need not come to an election.
    edits: [
      {
        file: 'consensus/src/zab/learner.ts',
        original: '(done) => logSync.flush(done),',
        planted: "(done) => ports.history.writeEpoch('currentEpoch', this.#epoch, done),",
      },
      {
        file: 'consensus/src/zab/learner.ts',
        original: `(done) => ports.history.writeEpoch('currentEpoch', this.#epoch, done),
          () => this.#acceptLeader(),`,
        planted: `(done) => logSync.flush(done),
          () => this.#acceptLeader(),`,
      },
    ],
  },
  {
    name: 'newleader-acked-before-flush',
    jira: 'ZOOKEEPER-3911, ZOOKEEPER-4646',
    explanation:
      'A learner acknowledges NEWLEADER before the history that came with it is durable.',
    edits: [
      {
        file: 'consensus/src/zab/learner.ts',
        original: '(done) => logSync.flush(done),',
        planted: '(done) => done(),',
      },
    ],
  },
  {
    name: 'newleader-ack-covers-proposals',
    jira: 'ZOOKEEPER-4685',
    explanation:
      'A leader takes the ACK of NEWLEADER for one of all it has proposed while the learner was being synchronised.',
    edits: [
      {
        file: 'consensus/src/zab/leader.ts',
        original: 'handler.ackedZxid = Math.max(handler.ackedZxid, handler.syncedTo)',
        planted: 'handler.ackedZxid = this.#parts.window.lastZxid',
      },
    ],
  },
  {
    name: 'proposals-acked-before-newleader',
    jira: 'ZOOKEEPER-4685',
    explanation:
      'A learner acknowledges proposals before NEWLEADER, and its leader takes that for the ACK of NEWLEADER.',
    // Our leader keeps what is acknowledged before NEWLEADER and goes on waiting for NEWLEADER's own ACK, so a learner that does this
    // harms nobody alone. Harm is done when a DIFF or the proposals behind it come in several pieces: the first sync acknowledges the first
    // piece, and the leader counts all of its history, and its epoch, as on that disk.
    edits: [
      {
        file: 'consensus/src/zab/learner-handler.ts',
        original: '    if (counterOf(zxid) !== 0) return this.#takeAck(zxid)\n',
        planted: '',
      },
      {
        file: 'consensus/src/zab/leader.ts',
        original: 'if (zxid !== makeZxid(this.#epoch, 0))',
        planted: 'if (false)',
      },
      {
        file: 'consensus/src/zab/learned-history.ts',
        original: 'ports.history.append(window.push(zxid, bytes, start, end))\n',
        planted:
          'this.#ackedZxid ??= last\n    ports.history.append(window.push(zxid, bytes, start, end))\n',
      },
    ],
  },
  {
    name: 'recovered-but-not-synced',
    explanation:
      'What a killed process wrote is read from the page cache at the next start and taken for durable.',
    edits: [
      {
        file: 'log/src/torn-tail.ts',
        original: `rewrite(file, tail.offset, (syncError) => {`,
        planted: `;((then: (syncError?: Error) => void) => then())((syncError) => {`,
      },
    ],
  },
  {
    name: 'diskless-member-counts',
    explanation:
      'A voter whose disk takes nothing comes to its leader as itself, and acknowledges what is in its memory only.',
    edits: [
      {
        file: 'consensus/src/zab/learner-introduction.ts',
        original: 'const type = isObserver ?',
        planted: 'const type = isObserver && !isDiskless ?',
      },
      {
        file: 'consensus/src/zab/learner-introduction.ts',
        original: 'serverId: isDiskless ? disklessIdOf(serverId) : serverId,',
        planted: 'serverId,',
      },
      {
        file: 'consensus/src/zab/learner.ts',
        original: 'if (!isObserver) this.#channel?.send(PacketType.ack, zxid)',
        planted:
          'if (!isObserver || parts.options.isDiskless) this.#channel?.send(PacketType.ack, zxid)',
      },
    ],
  },
]
