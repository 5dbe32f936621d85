/** A recovery plan with all that is shown of it. */
import { type LoneTransactions, transactionsAfter } from './lone-transactions.ts'
import type { RecoveryPlan } from './recovery-plan.ts'

export interface PlanReport extends RecoveryPlan {
  /** What not every survivor has; the chosen history first. */
  readonly lone: readonly LoneTransactions[]
}

export function reportOf(plan: RecoveryPlan, listedMax: number): PlanReport {
  const usable = plan.survivors.filter(({ history }) => history.problem === undefined)
  const lone = usable.flatMap(
    (survivor) => transactionsAfter(survivor, plan.commonZxid ?? 0, listedMax) ?? [],
  )
  return { ...plan, lone }
}

/** Whether lost servers learn of the new membership from the survivors; undefined: no configuration was named. */
export function isReconfigEnabled({ survivors }: RecoveryPlan): boolean | undefined {
  const settings = survivors.flatMap(({ configuration }) => configuration?.isReconfigEnabled ?? [])
  return settings.length === 0 ? undefined : settings.every(Boolean)
}

/** The arguments that name the survivors again. */
export function survivorArguments({ survivors }: RecoveryPlan): string {
  return survivors
    .filter(({ history }) => history.problem === undefined)
    .map(({ name: { text, configFile } }) =>
      configFile === undefined ? `--data-dir ${text}` : text,
    )
    .join(' ')
}
