/** Every command of the shell, by name. */
import type { Command } from './command.ts'
import { membershipCommands } from './commands/membership.ts'
import { quotaCommands } from './commands/quotas.ts'
import { readingCommands } from './commands/reading.ts'
import { securityCommands } from './commands/security.ts'
import { shellControlCommands } from './commands/shell-control.ts'
import { watchingCommands } from './commands/watching.ts'
import { writingCommands } from './commands/writing.ts'

export const commandsByName: ReadonlyMap<string, Command> = new Map(
  [
    ...membershipCommands,
    ...quotaCommands,
    ...readingCommands,
    ...securityCommands,
    ...shellControlCommands,
    ...watchingCommands,
    ...writingCommands,
  ]
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map((command) => [command.name, command]),
)

/** What is shown for a command that is not known, and by help. */
export function usageText(): string {
  const lines = Array.from(commandsByName.values(), ({ name, usage }) => `\t${name} ${usage}`)
  return [
    'quorate shell -server host:port [-timeout ms] [-r] [-waitforconnection] cmd args',
    ...lines,
  ].join('\n')
}
