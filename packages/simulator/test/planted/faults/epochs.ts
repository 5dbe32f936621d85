/** Who may lead, and in which epoch. */
import type { PlantedFault } from '../planted-fault.ts'

export const epochFaults: readonly PlantedFault[] = [
  {
    name: 'accepted-epoch-not-written',
    jira: 'ZOOKEEPER-335, ZOOKEEPER-1081',
    explanation: 'A learner promises an epoch and does not write the promise down.',
    edits: [
      {
        file: 'consensus/src/zab/learner.ts',
        original: "(done) => history.writeEpoch('acceptedEpoch', this.#epoch, done),",
        planted: '(done) => done(),',
      },
    ],
  },
  {
    name: 'epoch-reused',
    explanation:
      'A leader takes the highest epoch that its learners have accepted, not the one after it.',
    edits: [
      {
        file: 'consensus/src/zab/discovery.ts',
        original: 'this.#epoch = this.#highest + 1',
        planted: 'this.#epoch = Math.max(this.#highest, this.#parts.acceptedEpoch, 1)',
      },
      {
        file: 'consensus/src/zab/learner.ts',
        original: 'if (this.#epoch <= accepted) return this.#acceptEpoch(-1)',
        planted: 'if (this.#epoch <= accepted) return this.#acceptEpoch(history.currentEpoch)',
      },
    ],
  },
  {
    name: 'current-epoch-not-written',
    explanation: 'A learner acknowledges NEWLEADER without writing currentEpoch.',
    edits: [
      {
        file: 'consensus/src/zab/learner.ts',
        original: "(done) => ports.history.writeEpoch('currentEpoch', this.#epoch, done),",
        planted: '(done) => done(),',
      },
    ],
  },
  {
    name: 'vote-ignores-zxid',
    explanation: 'An election prefers the higher id to the longer history.',
    edits: [
      {
        file: 'consensus/src/election/vote.ts',
        original: '  if (candidate.zxid !== current.zxid) return candidate.zxid > current.zxid\n',
        planted: '',
      },
    ],
  },
  {
    name: 'ahead-learner-accepted',
    explanation:
      'An election prefers the higher id to the longer history, and a leader accepts learners whose history is beyond its own.',
    edits: [
      {
        file: 'consensus/src/election/vote.ts',
        original: '  if (candidate.zxid !== current.zxid) return candidate.zxid > current.zxid\n',
        planted: '',
      },
      {
        file: 'consensus/src/zab/discovery.ts',
        original: '    if (isAhead) return false\n',
        planted: '',
      },
    ],
  },
  {
    name: 'established-by-itself',
    explanation: 'A leader serves as soon as its epoch is agreed, before a quorum has its history.',
    edits: [
      {
        file: 'consensus/src/zab/leader.ts',
        original:
          'if (this.#quorums.isQuorum((serverId) => inStep.has(serverId))) this.#establish()',
        planted: 'this.#establish()',
      },
    ],
  },
  {
    name: 'dead-leader-stays',
    explanation: 'A leader without a quorum in step goes on leading.',
    edits: [
      {
        file: 'consensus/src/zab/leader.ts',
        original: "this.#end('LEADER_WITHOUT_QUORUM', 'no quorum is in step any more')",
        planted: 'return',
      },
    ],
  },
  {
    name: 'silent-leader-kept',
    explanation: 'A learner does not give a leader up that it hears nothing of.',
    edits: [
      {
        file: 'consensus/src/zab/learner.ts',
        original:
          "    this.#end('LEADER_SILENT', `nothing was heard of server ${this.peerId} for ${limitMs} ms`)\n",
        planted: '',
      },
    ],
  },
]
