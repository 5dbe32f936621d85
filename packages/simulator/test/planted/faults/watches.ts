/** What watchers are told. */
import type { PlantedFault } from '../planted-fault.ts'

export const watchFaults: readonly PlantedFault[] = [
  {
    name: 'watch-after-data',
    explanation: 'An event leaves behind the replies that show its change.',
    edits: [
      {
        file: 'replica/src/client-connection.ts',
        original: '    this.sendEvent({ type, zxid }, bytes, start, end)\n',
        planted: `    const path = bytes.slice(start, end)
    ;((this as any).late ??= []).push(() => this.sendEvent({ type, zxid }, path, 0, path.length))
    this.#host.outputAppeared(this)
`,
      },
      {
        file: 'replica/src/client-connection.ts',
        original: '  flush(): void {\n',
        planted: `  flush(): void {
    const late = (this as any).late ?? []
    ;(this as any).late = undefined
    for (const send of late) send()
`,
      },
    ],
  },
  {
    name: 'watch-lost-at-reconnect',
    explanation: 'A watch that is set again is not told of the change that came meanwhile.',
    edits: [
      {
        file: 'replica/src/watch-catch-up.ts',
        original: 'else if (nodes.long(node, LongField.mzxid) > relativeZxid)',
        planted: 'else if (false)',
      },
    ],
  },
  {
    name: 'child-watch-lost-at-reconnect',
    explanation:
      'A watch for children that is set again is not told of children that came or went meanwhile.',
    edits: [
      {
        file: 'replica/src/watch-catch-up.ts',
        original: 'else if (nodes.long(node, LongField.pzxid) > relativeZxid)',
        planted: 'else if (false)',
      },
    ],
  },
  {
    name: 'watch-told-twice',
    explanation: 'A watch that was told stays.',
    edits: [
      {
        file: 'tree/src/path-watches.ts',
        original: '      this.#takeModes(watch, WatchMode.standard)\n',
        planted: '',
      },
    ],
  },
  {
    name: 'recursive-watch-below-only',
    jira: 'ZOOKEEPER-4475',
    explanation: 'A recursive watch is told of its children, and not of what is below them.',
    edits: [
      {
        file: 'tree/src/path-watches.ts',
        original: 'if (ancestor !== undefined) fired = addRecursive(ancestor, fired)',
        planted:
          'if (ancestor !== undefined && bytes.indexOf(slash, ancestorEnd + 1) === -1) fired = addRecursive(ancestor, fired)',
      },
    ],
  },
]
