/** `quorate snapshot`: shows, checks and sums up snapshot files. */
import { type SnapshotArguments, parseSnapshotArguments } from './snapshot/snapshot-arguments.ts'
import { listSnapshot, listSnapshotAsJson } from './snapshot/snapshot-listing.ts'
import {
  verificationText,
  verificationToJson,
  verifySnapshot,
} from './snapshot/snapshot-verification.ts'
import { summariseSnapshot } from './snapshot/summary-listing.ts'
import { isOutputClosed, printing, StandardOutput, type TextOutput } from './text-output.ts'
import { problemText } from './tool-disk.ts'

const usage = `usage: quorate snapshot FILE... [options]

Prints the nodes and sessions of snapshot files (plain, gz or snappy), as Apache's
SnapshotFormatter does, and checks the seals. What is wrong is said on standard error.

options
  --json              one JSON object a line: nodes, then sessions, then the file
  --data              the data of the nodes too, in base64
  --verify            print one line about each file instead: load it as a server does,
                      and compare the digest of the tree with the one in the file
  --summary [PATH]    print the number of nodes and the bytes of data below PATH and
                      the nodes below it that have children            default /
  --depth N           levels below PATH that are printed; 0 for all    default 1
  --help              this text

cversion is the stored number of creates, as on disk. Only --verify and gz files take memory in
proportion to the file. Exit codes: 0 all is whole; 1 something is damaged or could not be read;
2 wrong arguments.
`

/** @returns the exit code */
export async function run(
  args: readonly string[],
  output: TextOutput = new StandardOutput(),
): Promise<number> {
  let options: SnapshotArguments
  try {
    options = parseSnapshotArguments(args)
  } catch (error) {
    const hint = '"quorate snapshot --help" lists the options'
    output.notice(`quorate snapshot: ${(error as Error).message}; ${hint}`)
    return 2
  }
  if (options.action === 'help') {
    process.stdout.write(usage)
    return 0
  }
  return printing(output, async () => {
    let exitCode = 0
    for (const file of options.files) {
      const problem = problemOf(file, options, output)
      if (problem === undefined) continue
      exitCode = 1
      output.notice(`quorate snapshot: ${problem}`)
    }
    return exitCode
  })
}

/** Does what is asked with one file. @returns what is wrong with it */
function problemOf(
  file: string,
  options: SnapshotArguments,
  output: TextOutput,
): string | undefined {
  try {
    if (options.action === 'verify') return verify(file, options, output)
    if (!options.wantsJson && options.files.length > 1) output.line(`==> ${file} <==`)
    if (options.action === 'summarise') {
      summariseSnapshot(file, output, { range: options.summary, wantsJson: options.wantsJson })
    } else if (options.wantsJson) listSnapshotAsJson(file, output, options)
    else listSnapshot(file, output, options)
    return undefined
  } catch (error) {
    if (isOutputClosed(error)) throw error
    return problemText(file, error)
  }
}

function verify(file: string, options: SnapshotArguments, output: TextOutput): string | undefined {
  const verification = verifySnapshot(file)
  const { wantsJson } = options
  output.line(
    wantsJson ? JSON.stringify(verificationToJson(verification)) : verificationText(verification),
  )
  return verification.digest === 'differs'
    ? `${file}: the tree does not have the digest that the file says it has`
    : undefined
}
