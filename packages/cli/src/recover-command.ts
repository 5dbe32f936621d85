/** `quorate recover`: what the survivors of an ensemble can go on with after the loss of a majority, and making them do so. */
import { checkLost } from './recover/lost-servers.ts'
import { commitRecovery, lockSurvivors } from './recover/commit.ts'
import { commitLines, commitToJson } from './recover/commit-text.ts'
import { planToJson } from './recover/plan-json.ts'
import { reportOf } from './recover/plan-report.ts'
import { planLines } from './recover/plan-text.ts'
import { parseRecoverArguments, type RecoverArguments } from './recover/recover-arguments.ts'
import { RecoverError } from './recover/recover-error.ts'
import { checkHistories, planRecovery, type RecoveryPlan } from './recover/recovery-plan.ts'
import { checkStopped, locateSurvivor, surveySurvivor } from './recover/survivor.ts'
import { printing, StandardOutput, type TextOutput } from './text-output.ts'

const usage = `usage: quorate recover --plan   SURVIVOR... [--list N] [--json]
       quorate recover --commit --yes SURVIVOR... [--json]

For an ensemble that has lost a majority of its voters for good. Name every server
whose disk is left, stopped, or copies of their files on this machine:

  ZOO.CFG                     its configuration, which says where its data is
  ZOO.CFG:DATADIR[:LOGDIR]    the same with the data elsewhere
  --data-dir DATADIR[:LOGDIR] its data alone; a commit leaves the zoo.cfg to you

--plan changes nothing. It shows the history of each survivor, which one is best, the
last transaction that all have, what may be lost, and what a commit would do.
--commit makes the survivors an ensemble of their own with the best history, in a
later epoch, after a copy of what it changes in DATADIR/recover-EPOCH/before.

options
  --yes       needed by --commit
  --dry-run   with --commit: the plan only
  --list N    transactions that are listed of each survivor (20)
  --json      one JSON object
  --help      this text

Exit codes: 0 the plan is made, or the commit is done; 1 it failed, or a lost server
answers; 2 wrong arguments; 3 a survivor's files cannot be used, or a server runs on
them; 4 the survivors are a quorum: no recovery is needed, and nothing was changed.
`

const ExitCode = { done: 0, failed: 1, arguments: 2, survivor: 3, notNeeded: 4 } as const

/** @returns the exit code */
export async function run(
  args: readonly string[],
  output: TextOutput = new StandardOutput(),
): Promise<number> {
  let options: RecoverArguments
  try {
    options = parseRecoverArguments(args)
  } catch (error) {
    const hint = '"quorate recover --help" lists the options'
    output.notice(`quorate recover: ${(error as Error).message}; ${hint}`)
    return ExitCode.arguments
  }
  if (options.action === 'help') {
    process.stdout.write(usage)
    return ExitCode.done
  }
  return await printing(output, async () => {
    try {
      return await recover(options, output)
    } catch (error) {
      if (!(error instanceof RecoverError)) throw error
      output.notice(`quorate recover: ${error.message} (${error.code})`)
      return exitCodeOf(error)
    }
  })
}

async function recover(options: RecoverArguments, output: TextOutput): Promise<number> {
  const located = options.survivors.map(locateSurvivor)
  located.forEach(checkStopped)
  if (options.action === 'plan')
    return show(planRecovery(located.map(surveySurvivor)), options, output)
  const locks = lockSurvivors(located)
  try {
    // Anew: a server may have run in between.
    const survivors = options.survivors.map(locateSurvivor).map(surveySurvivor)
    const plan = planRecovery(survivors)
    if (plan.hasQuorum) return show(plan, options, output)
    checkHistories(plan)
    await checkLost(plan.lost)
    await commitRecovery(plan)
    if (options.wantsJson) output.line(JSON.stringify(commitToJson(plan)))
    else for (const line of commitLines(plan)) output.line(line)
    return ExitCode.done
  } finally {
    locks.release()
  }
}

function show(
  plan: RecoveryPlan,
  { listedMax, wantsJson }: RecoverArguments,
  output: TextOutput,
): number {
  const report = reportOf(plan, listedMax)
  if (wantsJson) output.line(JSON.stringify(planToJson(report)))
  else for (const line of planLines(report)) output.line(line)
  return plan.hasQuorum ? ExitCode.notNeeded : ExitCode.done
}

function exitCodeOf({ code }: RecoverError): number {
  switch (code) {
    case 'RECOVER_SURVIVOR_UNREADABLE':
    case 'RECOVER_SERVER_RUNS':
    case 'RECOVER_HISTORY_DAMAGED':
      return ExitCode.survivor
    case 'RECOVER_CONTRADICTION':
    case 'RECOVER_MEMBERSHIP_UNKNOWN':
      return ExitCode.arguments
    default:
      return ExitCode.failed
  }
}
