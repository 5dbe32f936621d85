/** `quorate log`: shows, checks and cuts transaction log files. */
import { copyLines, copyLog, copyToJson } from './log/log-copying.ts'
import { type LogArguments, parseLogArguments } from './log/log-arguments.ts'
import { listLog, listLogAsJson, verifyLog } from './log/log-listing.ts'
import type { LogScan } from './log/log-scan.ts'
import { isOutputClosed, printing, StandardOutput, type TextOutput } from './text-output.ts'
import { problemText } from './tool-disk.ts'

const usage = `usage: quorate log FILE... [options]

Prints the transactions of log files, one line each, as Apache's TxnLogToolkit does, and checks
every checksum. What is wrong is said with its file and offset on standard error.

options
  --json         one JSON object a line; data in base64
  --verify       print one line about each file instead
  --recover      copy what stands before the first damage to FILE.fixed, and say what is left out
  --chop ZXID    copy the transactions up to and with ZXID (0x1a or 26) to FILE.chopped
  --output F     the name of the copy; it must not be there yet
  --help         this text

The files themselves are never changed. Exit codes: 0 all is whole, or the copy was made;
1 something is damaged or torn, or could not be read or written; 2 wrong arguments.
`

/** @returns the exit code */
export async function run(
  args: readonly string[],
  output: TextOutput = new StandardOutput(),
): Promise<number> {
  let options: LogArguments
  try {
    options = parseLogArguments(args)
  } catch (error) {
    const hint = '"quorate log --help" lists the options'
    output.notice(`quorate log: ${(error as Error).message}; ${hint}`)
    return 2
  }
  if (options.action === 'help') {
    process.stdout.write(usage)
    return 0
  }
  return printing(output, async () => {
    let exitCode = 0
    for (const file of options.files) {
      const problem = await problemOf(file, options, output)
      if (problem === undefined) continue
      exitCode = 1
      output.notice(`quorate log: ${problem}`)
    }
    return exitCode
  })
}

/** Does what is asked with one file. @returns what is wrong with it */
async function problemOf(
  file: string,
  options: LogArguments,
  output: TextOutput,
): Promise<string | undefined> {
  try {
    if (options.action === 'recover' || options.action === 'chop') {
      return await copy(file, options, output)
    }
    return scan(file, options, output).problem?.message
  } catch (error) {
    if (isOutputClosed(error)) throw error
    return problemText(file, error)
  }
}

function scan(file: string, options: LogArguments, output: TextOutput): LogScan {
  const { action, files, wantsJson } = options
  if (action === 'verify') return verifyLog(file, output, wantsJson)
  if (wantsJson) return listLogAsJson(file, output)
  if (files.length > 1) output.line(`==> ${file} <==`)
  return listLog(file, output)
}

async function copy(
  file: string,
  options: LogArguments,
  output: TextOutput,
): Promise<string | undefined> {
  const made = await copyLog(file, options)
  if (options.wantsJson) output.line(JSON.stringify(copyToJson(file, made)))
  else for (const line of copyLines(file, made)) output.line(line)
  // Damage is what a recovery is for; a chop did not get to where it was told to.
  return options.action === 'chop' && made.endedBy === 'damage' ? made.reason : undefined
}
