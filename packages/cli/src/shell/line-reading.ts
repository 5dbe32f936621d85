/** Where the shell's lines come from: a terminal with prompt, history and completion, or a stream of commands. */
import { createInterface } from 'node:readline/promises'
import { complete } from './completion.ts'
import { historyPath, historySize, readHistory, writeHistory } from './history-file.ts'
import type { Shell } from './shell.ts'

/** One command after the other, whether or not the ones before failed. @returns whether all of them succeeded */
export async function runScript(shell: Shell, input: NodeJS.ReadableStream): Promise<boolean> {
  let hasSucceeded = true
  const lines = createInterface({ input, crlfDelay: Infinity })
  for await (const line of lines) {
    if (!(await shell.executeLine(line))) hasSucceeded = false
    if (shell.hasQuit) break
  }
  lines.close()
  return hasSucceeded
}

/** Reads from the terminal until quit or the end of input. @returns whether the last command succeeded */
export async function runTerminal(shell: Shell): Promise<boolean> {
  const path = historyPath(process.env)
  const lines = createInterface({
    input: process.stdin,
    output: process.stdout,
    history: readHistory(path),
    historySize,
    removeHistoryDuplicates: true,
    completer: (line: string) => completions(shell, line),
  })
  lines.on('history', (history: readonly string[]) => writeHistory(path, history))
  let hasSucceeded = true
  let isBusy = false
  const prompt = (): void => {
    if (isBusy) return
    lines.setPrompt(shell.prompt)
    lines.prompt(true)
  }
  shell.afterEvents(prompt)
  prompt()
  for await (const line of lines) {
    isBusy = true
    hasSucceeded = await shell.executeLine(line)
    if (shell.hasQuit) break
    isBusy = false
    prompt()
  }
  lines.close()
  return hasSucceeded
}

async function completions(shell: Shell, line: string): Promise<[string[], string]> {
  try {
    const { candidates, word } = await complete(line, (parent) =>
      shell.client().children(parent, { deadlineMs: completionMsMax }),
    )
    return [[...candidates], word]
  } catch {
    return [[], line]
  }
}

/** A Tab that the server does not answer at once offers nothing. */
const completionMsMax = 2000
