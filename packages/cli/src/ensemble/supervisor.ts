/** Runs the members of an ensemble until it is told to stop. */
import type { EnsembleError } from './ensemble-error.ts'
import type { EnsembleFolder } from './ensemble-folder.ts'
import { connectString, type EnsemblePlan } from './ensemble-plan.ts'
import { loopback } from './port-choice.ts'
import { SupervisedMember } from './supervised-member.ts'

export interface SupervisorOptions {
  readonly folder: EnsembleFolder
  readonly plan: EnsemblePlan
  /** What runs the `quorate` command, but for its arguments. */
  readonly command: readonly [string, ...string[]]
  readonly stopMs?: number
  /** Receives one line for the operator. */
  readonly say: (line: string) => void
}

const stopDefaultMs = 10_000

export class Supervisor {
  readonly #options: SupervisorOptions
  readonly #members: readonly SupervisedMember[]

  constructor(options: SupervisorOptions) {
    const { folder, plan, command, stopMs = stopDefaultMs } = options
    this.#options = options
    this.#members = plan.members.map(
      (member) =>
        new SupervisedMember({
          plan: member,
          files: folder.filesOf(member),
          command,
          stopMs,
          say: (text) => options.say(`${clockTime()} ${text}`),
        }),
    )
  }

  /** The first member that cannot be helped by starting it again. */
  get refusal(): Promise<EnsembleError> {
    return Promise.race(this.#members.map(({ refusal }) => refusal))
  }

  start(): void {
    for (const member of this.#members) member.start()
  }

  /** Waits until all members serve at once, and tells how to reach them. */
  async announce(): Promise<void> {
    while (this.#members.some(({ mode }) => mode === undefined))
      await Promise.all(this.#members.map((member) => member.untilServing()))
    const { say, plan, folder } = this.#options
    say(`data and logs in ${folder.path}`)
    for (const { plan: member, mode = 'down', pid } of this.#members)
      say(
        `server ${member.id}  ${mode.padEnd(10)}  ${loopback}:${member.clientPort}  process ${pid}`,
      )
    say(`connection string: ${connectString(plan)}`)
  }

  async stop(): Promise<void> {
    await Promise.all(this.#members.map((member) => member.stop()))
  }
}

function clockTime(): string {
  return new Date().toTimeString().slice(0, 8)
}
