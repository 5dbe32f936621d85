/**
 * Reads what `strace -f -yy -xx -o` wrote: system calls with the order in which they began and ended. The order is
 * that of the lines; a call that another thread interrupts has one line for its beginning and one for its end.
 */

/** Arguments for strace, to be followed by the file to write and the command. */
export const straceWords: readonly string[] = [
  // The server stays the child of the test, and strace becomes a stranger: signals reach the server itself.
  '-D',
  '-f',
  '--seccomp-bpf',
  '-e',
  'trace=write,writev,pwrite64,pwritev,sendto,sendmsg,fdatasync,fsync',
  '-yy',
  '-xx',
  '-s',
  '1000000',
  '-o',
]

export interface SystemCall {
  readonly name: string
  /** What the descriptor stands for: a path, or `TCP:[…]`. */
  readonly target: string
  /** The bytes that were written, as hex. */
  readonly hex: string
  readonly startLine: number
  readonly endLine: number
}

const startPattern = /^(\d+) +(\w+)\(\d+<((?:\\x[0-9a-f]{2}|[^>]|->)*)>(.*)$/

export function parseTrace(text: string): readonly SystemCall[] {
  const calls: SystemCall[] = []
  const unfinishedByThread = new Map<string, SystemCall>()
  for (const [line, content] of text.split('\n').entries()) {
    const resumed = /^(\d+) +<\.\.\. \w+ resumed>/.exec(content)
    if (resumed !== null) {
      const begun = unfinishedByThread.get(resumed[1]!)
      if (begun !== undefined) calls.push({ ...begun, endLine: line })
      unfinishedByThread.delete(resumed[1]!)
      continue
    }
    const start = startPattern.exec(content)
    if (start === null) continue
    const [, thread, name, target, rest] = start as unknown as [
      string,
      string,
      string,
      string,
      string,
    ]
    const call = { name, target: plain(target), hex: hexOf(rest), startLine: line, endLine: line }
    if (rest.endsWith('<unfinished ...>')) unfinishedByThread.set(thread, call)
    else calls.push(call)
  }
  return calls
}

/** The contents of all string arguments, one behind the other. */
function hexOf(text: string): string {
  return [...text.matchAll(/"((?:\\x[0-9a-f]{2})*)"/g)]
    .map(([, bytes]) => bytes!.replaceAll('\\x', ''))
    .join('')
}

/** -xx writes the names of descriptors in hex too. */
function plain(target: string): string {
  return target.replaceAll(/\\x([0-9a-f]{2})/g, (_whole, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  )
}
