/** What the client library does with its calls, its watches and its session. */
import type { PlantedFault } from '../planted-fault.ts'

export const clientFaults: readonly PlantedFault[] = [
  {
    name: 'client-sends-writes-again',
    explanation:
      'The client sends writes again that a lost connection left unanswered, and asks nobody.',
    edits: [
      {
        file: 'client/src/call-queue.ts',
        original: `this.#isHeld = false
    const unresolved = unresolvedWrites(this.#calls)`,
        planted: `this.#isHeld = false
    const unresolved = unresolvedWrites([])`,
      },
    ],
  },
  {
    name: 'client-denies-doubt',
    explanation: 'The client says of a write that it was not carried out, when nobody knows.',
    edits: [
      {
        file: 'client/src/call.ts',
        original: "isWrite && this.wasSent ? 'unknown' : 'no'",
        planted: "'no' as const",
      },
    ],
  },
  {
    name: 'client-loses-reads',
    explanation: 'Reads that a lost connection left unanswered are forgotten.',
    edits: [
      {
        file: 'client/src/call-queue.ts',
        original: 'if (isKept(call)) this.#add(call)',
        planted:
          'if (!call.operation.isWrite) continue\n      else if (isKept(call)) this.#add(call)',
      },
    ],
  },
  {
    name: 'client-loses-watches',
    explanation: 'The client does not set its watches again on a new connection.',
    edits: [
      {
        file: 'client/src/session.ts',
        original: 'connection.sendWatches(request)',
        planted: 'void request',
      },
    ],
  },
  {
    name: 'client-takes-event-for-transaction',
    explanation:
      'The client takes the first event of a transaction for all of them, and does not ask for the others on a new connection.',
    edits: [
      {
        file: 'client/src/seen-zxids.ts',
        original: 'if (zxid - 1 > this.#complete) this.#complete = zxid - 1',
        planted: 'if (zxid > this.#complete) this.#complete = zxid',
      },
    ],
  },
  {
    name: 'client-keeps-used-watches',
    explanation: 'A watch that was told stays with the client.',
    edits: [
      {
        file: 'client/src/watch-registry.ts',
        original: `      collect(this.#tables[kind].get(path), found)
      this.#tables[kind].delete(path)
`,
        planted: `      collect(this.#tables[kind].get(path), found)
`,
      },
    ],
  },
  {
    name: 'client-tells-events-late',
    explanation: 'A listener is told of a change behind the reply that shows it.',
    edits: [
      {
        file: 'client/src/watch-calls.ts',
        original: 'for (const listener of listeners) defer(() => listener(change))',
        planted: 'for (const listener of listeners) defer(() => defer(() => listener(change)))',
      },
    ],
  },
  {
    name: 'client-expires-early',
    explanation: 'The client gives its session up while servers still keep it.',
    edits: [
      {
        file: 'client/src/session-times.ts',
        original: 'return this.lastHeardAtMs + (this.timeoutMs * 4) / 3',
        planted: 'return this.lastHeardAtMs + this.timeoutMs',
      },
    ],
  },
  {
    name: 'client-never-expires',
    explanation: 'The client never gives its session up unless a server says so.',
    edits: [
      {
        file: 'client/src/session-times.ts',
        original: 'return this.lastHeardAtMs + (this.timeoutMs * 4) / 3',
        planted: 'return Infinity',
      },
    ],
  },
  {
    name: 'client-leaves-calls-open',
    explanation: 'Calls that wait for a connection never return when the session ends.',
    edits: [
      {
        file: 'client/src/call-queue.ts',
        original: 'for (const call of this.#calls) call.fail(code, cause)',
        planted: '',
      },
    ],
  },
  {
    name: 'client-stays-with-its-server',
    explanation: 'The client tries the server again that it has just lost.',
    edits: [
      {
        file: 'client/src/server-list.ts',
        original: 'this.#next = (this.#next + 1) % this.#servers.length',
        planted: '',
      },
    ],
  },
]
