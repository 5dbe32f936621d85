/** `quorate shell`: a client for the command line, with the commands and the output of Apache's zkCli. */
import type { ShellOutput } from './shell/command.ts'
import { CommandError } from './shell/command-error.ts'
import { errorText } from './shell/error-text.ts'
import { launchUsage, type LaunchOptions, parseLaunchOptions } from './shell/launch-options.ts'
import { runScript, runTerminal } from './shell/line-reading.ts'
import { Shell } from './shell/shell.ts'

/**
 * Runs the command that the arguments end in, or else the commands from standard input.
 * @returns the exit code: 0 when all went well, 1 when a command failed, 2 for arguments that cannot be used
 */
export async function run(args: readonly string[]): Promise<number> {
  if (args[0] === '--help' || args[0] === '-h') {
    process.stdout.write(`${launchUsage}\n`)
    return 0
  }
  let options: LaunchOptions
  let shell: Shell
  try {
    options = parseLaunchOptions(args)
    shell = new Shell(options, processOutput, isInteractive(options))
  } catch (error) {
    process.stderr.write(`${errorText(error)}\n`)
    return 2
  }
  try {
    return (await runShell(shell, options)) ? 0 : 1
  } finally {
    await shell.close()
  }
}

const processOutput: ShellOutput = {
  line: (text) => void process.stdout.write(`${text}\n`),
  print: (text) => void process.stdout.write(text),
  notice: (text) => void process.stderr.write(`${text}\n`),
}

function isInteractive({ command }: LaunchOptions): boolean {
  return command.length === 0 && process.stdin.isTTY
}

async function runShell(shell: Shell, options: LaunchOptions): Promise<boolean> {
  if (isInteractive(options)) {
    process.stdout.write(`Connecting to ${options.servers}\nWelcome to ZooKeeper!\n`)
    shell.start()
  }
  if (options.waitsForConnection) {
    try {
      await shell.connected()
    } catch (error) {
      if (!(error instanceof CommandError)) throw error
      process.stderr.write(`${error.message}\n`)
      return false
    }
  }
  if (options.command.length > 0) return shell.execute(options.command)
  return isInteractive(options) ? runTerminal(shell) : runScript(shell, process.stdin)
}
