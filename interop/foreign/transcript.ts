/** What a command line client printed, without what differs from run to run. */
import type { ProgramResult } from '../harness/run-program.ts'

const volatile: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  [/127\.0\.0\.1:\d+/g, 'HOST'],
  [/(ctime|mtime) ?= ?[A-Z].*/g, '$1 = TIME'],
  [/([cmp]Zxid|[cmp]zxid) ?= ?(0x)?[0-9a-f]+/g, '$1 = ZXID'],
  [/(ephemeralOwner ?= ?)(0x)?[0-9a-f]{6,}/g, '$1SESSION'],
  [/0x[0-9a-f]{8,}/g, 'SESSION'],
  [/time = \d+ msec/g, 'time = T'],
  [/^.*ZOO_(INFO|WARN|DEBUG).*$/gm, ''],
  [/^WatchedEvent state:(SyncConnected|Closed) type:None.*$/gm, ''],
  [/^WATCHER::$/gm, ''],
]

export interface Transcript {
  readonly status: number | null
  readonly output: readonly string[]
  readonly errors: readonly string[]
}

export function transcript(result: ProgramResult): Transcript {
  return { status: result.status, output: lines(result.output), errors: lines(result.errors) }
}

function lines(text: string): readonly string[] {
  const plain = volatile.reduce((left, [pattern, to]) => left.replaceAll(pattern, to), text)
  return plain
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
}
