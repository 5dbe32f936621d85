/** Runs contenders of other libraries: kazoo's in Python, Curator's in Java. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { classPath, java } from '../harness/apache-server.ts'
import { installCurator, installForeignPrograms } from '../harness/install.ts'
import { runProgram } from '../harness/run-program.ts'

export interface Contention {
  readonly address: string
  readonly recipe: string
  /** The node of the critical section. */
  readonly path: string
  /** How often; for a double barrier, how many members it has. */
  readonly rounds: number
}

const programs = join(import.meta.dirname, 'programs')
const timeoutMs = 90_000

/** What Curator's jars need, by their names in Debian. */
const curatorJars = [
  'curator-recipes',
  'curator-x-discovery',
  'curator-framework',
  'curator-client',
  'zookeeper',
  'zookeeper-jute',
  'guava',
  'failureaccess',
  'jackson-core',
  'jackson-databind',
  'jackson-annotations',
  'slf4j-api',
  'slf4j-simple',
  'netty-handler',
  'netty-transport',
  'netty-buffer',
  'netty-common',
  'netty-codec',
  'netty-resolver',
]

export async function runKazoo(contention: Contention): Promise<void> {
  await runPython('kazoo_contender.py', contention)
}

export async function runCurator(contention: Contention): Promise<void> {
  await runJava('CuratorContender.java', contention)
}

/** The recipes that share data, where nobody contends. */
export async function useKazoo(contention: Contention): Promise<void> {
  await runPython('kazoo_data.py', contention)
}

export async function useCurator(contention: Contention): Promise<void> {
  await runJava('CuratorData.java', contention)
}

async function runPython(program: string, contention: Contention): Promise<void> {
  installForeignPrograms()
  await run('/usr/bin/python3', [join(programs, program)], contention)
}

/** Java compiles the program on its way: nothing is written. */
async function runJava(program: string, contention: Contention): Promise<void> {
  installCurator()
  const words = [
    '-Xmx128m',
    '-XX:+UseSerialGC',
    '-XX:TieredStopAtLevel=1',
    '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
    '-cp',
    classPath(curatorJars),
    join(programs, program),
  ]
  await run(java, words, contention)
}

async function run(
  command: string,
  program: readonly string[],
  { address, recipe, path, rounds }: Contention,
): Promise<void> {
  const words = [...program, address, recipe, path, String(rounds)]
  const result = await runProgram({ command, words, timeoutMs })
  assert.equal(result.output, 'passed\n', result.errors)
}
