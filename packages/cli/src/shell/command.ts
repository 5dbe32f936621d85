/** What a command of the shell is, and what it works with. */
import type { ZooKeeper } from '@quorate/client'
import type { Invocation, OptionNames } from './invocation.ts'

export type Client = ZooKeeper<'bytes'>

/** Where output goes. Errors and notices go where zkCli sends them, so that scripts for it work alike. */
export interface ShellOutput {
  line(text: string): void
  /** Without an end of line. */
  print(text: string): void
  notice(text: string): void
}

/** What the commands about the shell itself need of it. */
export interface ShellControl {
  printsWatches: boolean
  /** Every line so far, the present one included. */
  readonly history: readonly string[]
  usage(): string
  connect(servers: string | undefined): Promise<void>
  close(): Promise<void>
  /** Runs an earlier line again. */
  redo(index: number): Promise<void>
  quit(): void
}

export interface CommandContext {
  readonly output: ShellOutput
  readonly shell: ShellControl
  /** @throws CommandError when there is no session any more */
  client(): Client
}

export interface Command {
  readonly name: string
  /** What follows the name. */
  readonly usage: string
  readonly options?: OptionNames
  /** With fewer arguments the usage is shown. */
  readonly argumentsMin: number
  /** @throws CommandError or ZooKeeperError when it fails */
  run(context: CommandContext, invocation: Invocation): Promise<void>
}
