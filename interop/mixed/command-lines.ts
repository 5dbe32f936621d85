/** The command lines of both kinds, run on a server's client port with commands from standard input. */
import { join } from 'node:path'
import { classPath, java } from '../harness/apache-server.ts'
import type { KindName } from '../harness/ensemble-member.ts'
import { repositoryRoot } from '../harness/repository.ts'
import { type ProgramResult, runProgram } from '../harness/run-program.ts'
import { superUser } from './mixed-options.ts'

const timeoutMs = 60_000

/** Runs the commands as the super user. */
export function runCommands(
  kind: KindName,
  address: string,
  commands: readonly string[],
): Promise<ProgramResult> {
  const input = [`addauth digest ${superUser}`, ...commands, 'quit', ''].join('\n')
  const launch = ['-waitforconnection', '-server', address]
  if (kind === 'quorate') {
    const command = join(repositoryRoot, 'node_modules', '.bin', 'quorate')
    return runProgram({ command, words: ['shell', ...launch], input, timeoutMs })
  }
  const jvm = ['-Xmx64m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1']
  const main = ['-cp', classPath(['slf4j-nop', 'zookeeper']), 'org.apache.zookeeper.ZooKeeperMain']
  return runProgram({ command: java, words: [...jvm, ...main, ...launch], input, timeoutMs })
}
