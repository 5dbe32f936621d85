/** Sessions and what belongs to them. */
import type { PlantedFault } from '../planted-fault.ts'

export const sessionFaults: readonly PlantedFault[] = [
  {
    name: 'touches-not-carried',
    explanation: 'A follower does not tell its leader which sessions it has heard of.',
    edits: [
      {
        file: 'replica/src/roles/learner-authority.ts',
        original: 'for (const { id, timeoutMs } of this.#touched) touch(id, timeoutMs)',
        planted: '',
      },
    ],
  },
  {
    name: 'sessions-not-adopted',
    explanation: 'A new leader knows nothing of the sessions that there are.',
    edits: [
      {
        file: 'replica/src/roles/leader-authority.ts',
        original: '    for (const [id, timeoutMs] of tree.timeoutMsBySession)\n',
        planted: '    for (const [id, timeoutMs] of [])\n',
      },
    ],
  },
  {
    name: 'sessions-expire-at-failover',
    explanation: 'A new leader lets sessions expire that were not heard of by it before it led.',
    edits: [
      {
        file: 'replica/src/roles/leader-authority.ts',
        original: '      this.#sessions.add(id, timeoutMs, host.nowMs)\n',
        planted: '      this.#sessions.add(id, timeoutMs, host.nowMs - timeoutMs)\n',
      },
    ],
  },
  {
    name: 'session-moved-not-checked',
    explanation: 'A write is carried out though its session has moved to another server.',
    edits: [
      {
        file: 'replica/src/roles/leader-authority.ts',
        original: 'return session.owner === owner ? ErrorCode.Ok : ErrorCode.SessionMoved',
        planted: 'return ErrorCode.Ok',
      },
    ],
  },
  {
    name: 'closing-session-writes',
    explanation:
      'A session may write while its end is under way, so that it leaves an ephemeral behind.',
    edits: [
      {
        file: 'replica/src/roles/leader-authority.ts',
        original:
          'return session.isClosing ? ErrorCode.SessionExpired : this.#ownerError(session, owner)',
        planted: 'return this.#ownerError(session, owner)',
      },
    ],
  },
  {
    name: 'dead-session-revalidated',
    explanation: 'A leader tells a follower that every session is alive.',
    edits: [
      {
        file: 'replica/src/roles/leader-authority.ts',
        original: 'this.#term.answerRevalidation(learner, id, false)',
        planted: 'this.#term.answerRevalidation(learner, id, true)',
      },
    ],
  },
  {
    name: 'ephemerals-outlive-session',
    explanation: 'The end of a session leaves its ephemerals in the tree.',
    edits: [
      {
        file: 'tree/src/preparer.ts',
        original: '    const paths = this.#ephemeralPaths(context)\n',
        planted: '    const paths: Uint8Array[] = []\n',
      },
      {
        file: 'tree/src/txn-applier.ts',
        original: 'for (const node of Array.from(state.ephemeralsOf(session))) {',
        planted: 'for (const node of []) {',
      },
    ],
  },
  {
    name: 'ephemerals-in-flight-missed',
    jira: 'ZOOKEEPER-3145',
    explanation: 'The end of a session leaves an ephemeral whose creation was under way.',
    edits: [
      {
        file: 'tree/src/preparer.ts',
        original: 'for (const pending of this.#changes.edited()) {',
        planted: 'for (const pending of []) {',
      },
      {
        file: 'tree/src/txn-applier.ts',
        original: 'for (const node of Array.from(state.ephemeralsOf(session))) {',
        planted: 'for (const node of []) {',
      },
    ],
  },
  {
    name: 'local-touch-forgotten',
    explanation: 'A server does not note that it has heard of a local session.',
    edits: [
      {
        file: 'replica/src/local-sessions.ts',
        original: '    this.#sessions.touch(session, this.#host.nowMs)\n',
        planted: '',
      },
    ],
  },
  {
    name: 'local-sessions-last',
    explanation: 'No local session expires while nothing else is to be done.',
    edits: [
      {
        file: 'replica/src/local-sessions.ts',
        original: '  ticked(): void {\n    this.#expiry.run(this.#host.nowMs)\n',
        planted: '  ticked(): void {\n',
      },
    ],
  },
]
