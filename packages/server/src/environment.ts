/** What the process runs on, for `envi` and `mntr`. Loaded when one of them is first asked for. */
import { readdirSync, readFileSync } from 'node:fs'
import * as os from 'node:os'

/** Names Java has for what Node calls otherwise. */
const javaArchitectures: Readonly<Record<string, string>> = {
  x64: 'amd64',
  arm64: 'aarch64',
  ia32: 'x86',
}

/**
 * Compatibility: `envi` has the lines of Apache ZooKeeper that are not about Java, and says with `node.` what the process
 * runs on instead.
 */
export function environmentLines(version: string): readonly (readonly [string, string])[] {
  const user = os.userInfo()
  const memory = process.memoryUsage()
  return [
    ['zookeeper.version', version],
    ['host.name', os.hostname()],
    ['node.version', process.version],
    ['node.path', process.execPath],
    ['os.name', os.type()],
    ['os.arch', javaArchitectures[process.arch] ?? process.arch],
    ['os.version', os.release()],
    ['user.name', user.username],
    ['user.home', user.homedir],
    ['user.dir', process.cwd()],
    ['node.memory.rss', megabytes(memory.rss)],
    ['node.memory.heap', megabytes(memory.heapTotal)],
    ['node.memory.external', megabytes(memory.external)],
  ]
}

function megabytes(bytes: number): string {
  return `${Math.floor(bytes / 1_048_576)}MB`
}

/** Open file descriptors of this process and their limit; undefined where the system does not tell. */
export function descriptorCounts(): { readonly open: number; readonly max: number } | undefined {
  try {
    const limits = readFileSync('/proc/self/limits', 'utf8')
    const max = /^Max open files\s+(\d+)/m.exec(limits)
    return { open: readdirSync('/proc/self/fd').length, max: Number(max?.[1]) }
  } catch {
    return undefined
  }
}
