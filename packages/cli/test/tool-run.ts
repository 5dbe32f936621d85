/** The commands that look at files, run in this process, and the files that Apache ZooKeeper wrote for their tests. */
import { readFileSync } from 'node:fs'
import type { TextOutput } from '../src/text-output.ts'

export function fixturePath(name: string): string {
  return new URL(`fixtures/${name}`, import.meta.url).pathname
}

export function fixture(name: string): Buffer {
  return readFileSync(fixturePath(name))
}

export interface ToolRun {
  readonly code: number
  readonly output: string
  readonly notices: readonly string[]
}

type Command = (args: readonly string[], output: TextOutput) => Promise<number>

export async function runTool(command: Command, args: readonly string[]): Promise<ToolRun> {
  let output = ''
  const notices: string[] = []
  const code = await command(args, {
    line: (text) => void (output += `${text}\n`),
    notice: (text) => void notices.push(text),
    flush() {},
  })
  return { code, output, notices }
}

export function jsonLines(text: string): readonly Readonly<Record<string, unknown>>[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>)
}
