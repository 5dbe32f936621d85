/** The command line of `quorate shell`: options first, then perhaps a command for the shell. */
import { CommandError } from './command-error.ts'

export interface LaunchOptions {
  /** A connect string. */
  readonly servers: string
  readonly timeoutMs: number
  readonly acceptsReadOnly: boolean
  readonly waitsForConnection: boolean
  /** The words of a command to run instead of reading commands. */
  readonly command: readonly string[]
}

export const launchUsage =
  'usage: quorate shell [-server host:port[,host:port…][/chroot]] [-timeout ms] [-r] [-waitforconnection] [command args…]'

/** Either one or two dashes will do. @throws CommandError for an option that is unknown or lacks its value */
export function parseLaunchOptions(args: readonly string[]): LaunchOptions {
  let servers = 'localhost:2181'
  let timeoutMs = 30_000
  let acceptsReadOnly = false
  let waitsForConnection = false
  const rest = [...args]
  while (rest[0]?.startsWith('-')) {
    const option = rest.shift()!
    switch (option.replace(/^--/, '-')) {
      case '-server':
        servers = valueOf(option, rest.shift())
        break
      case '-timeout':
        timeoutMs = milliseconds(option, valueOf(option, rest.shift()))
        break
      case '-r':
        acceptsReadOnly = true
        break
      case '-waitforconnection':
        waitsForConnection = true
        break
      default:
        throw new CommandError(`Error: unknown option ${option}\n${launchUsage}`)
    }
  }
  return { servers, timeoutMs, acceptsReadOnly, waitsForConnection, command: rest }
}

function valueOf(option: string, value: string | undefined): string {
  if (value === undefined) throw new CommandError(`Error: no argument found for option ${option}`)
  return value
}

function milliseconds(option: string, text: string): number {
  const number = Number(text)
  if (Number.isInteger(number) && number > 0) return number
  throw new CommandError(
    `Error: ${option} takes milliseconds, and "${text}" is not a positive number`,
  )
}
