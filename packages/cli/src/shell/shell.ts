/** The shell: one connection at a time, the lines so far, and the running of commands. Reading lines is another's work. */
import { ZooKeeper } from '@quorate/client'
import type { Client, Command, CommandContext, ShellControl, ShellOutput } from './command.ts'
import { CommandError } from './command-error.ts'
import { commandsByName, usageText } from './command-table.ts'
import { errorText } from './error-text.ts'
import { parseInvocation } from './invocation.ts'
import type { LaunchOptions } from './launch-options.ts'
import { changeText, promptState, stateText } from './watch-text.ts'
import { splitWords } from './words.ts'

export class Shell implements ShellControl, CommandContext {
  printsWatches = true
  readonly output: ShellOutput
  readonly #options: LaunchOptions
  /** Whether changes of the session's state are told like watch events. */
  readonly #tellsState: boolean
  readonly #history: string[] = []
  #servers: string
  #client: Client
  #hasQuit = false
  #afterEvent: () => void = () => {}

  constructor(options: LaunchOptions, output: ShellOutput, tellsState: boolean) {
    this.#options = options
    this.output = output
    this.#tellsState = tellsState
    this.#servers = options.servers
    this.#client = this.#newClient()
  }

  get shell(): ShellControl {
    return this
  }

  get history(): readonly string[] {
    return this.#history
  }

  get hasQuit(): boolean {
    return this.#hasQuit
  }

  get prompt(): string {
    const state = promptState(this.#client.state, this.#client.isReadOnly)
    return `[zk: ${this.#servers}(${state}) ${this.#history.length}] `
  }

  client(): Client {
    const { state } = this.#client
    if (state === 'closed' || state === 'expired') throw new CommandError('Not connected')
    return this.#client
  }

  usage(): string {
    return usageText()
  }

  /** Connects without waiting for the first command. */
  start(): void {
    this.#client.connect()
  }

  /** Runs `listener` after each event that was printed, which may have come in the middle of a line. */
  afterEvents(listener: () => void): void {
    this.#afterEvent = listener
  }

  async connect(servers: string | undefined): Promise<void> {
    await this.#client.close()
    this.#servers = servers ?? this.#servers
    this.#client = this.#newClient()
    this.start()
  }

  async close(): Promise<void> {
    await this.#client.close()
  }

  async redo(index: number): Promise<void> {
    const line = this.#history[index]!
    this.#history[this.#history.length - 1] = line
    await this.#run(splitWords(line))
  }

  quit(): void {
    this.#hasQuit = true
  }

  /** Resolves when there is a session. @throws CommandError when there is none in time */
  async connected(): Promise<void> {
    try {
      await this.#client.exists('/', { deadlineMs: this.#options.timeoutMs })
    } catch (error) {
      throw new CommandError(`KeeperErrorCode = ConnectionLoss\n${String(error)}`, { cause: error })
    }
  }

  /** Runs a line that was typed; false when it failed. Empty lines do nothing. */
  async executeLine(line: string): Promise<boolean> {
    const words = splitWords(line)
    if (words.length === 0) return true
    this.#history.push(line)
    return this.execute(words)
  }

  /** Runs one command; false when it failed, after its error was printed. */
  async execute(words: readonly string[]): Promise<boolean> {
    try {
      await this.#run(words)
      return true
    } catch (error) {
      this.output.notice(errorText(error))
      return false
    }
  }

  async #run([name = '', ...rest]: readonly string[]): Promise<void> {
    const command = commandsByName.get(name)
    if (command === undefined) {
      this.output.notice(usageText())
      throw new CommandError(`Command not found: Command not found ${name}`)
    }
    const invocation = parseInvocation(rest, command.options ?? {})
    if (invocation.arguments.length < command.argumentsMin)
      throw new CommandError(commandUsage(command))
    await command.run(this, invocation)
  }

  #newClient(): Client {
    const client = new ZooKeeper(this.#servers, {
      codec: 'bytes',
      timeout: this.#options.timeoutMs,
      readOnly: this.#options.acceptsReadOnly,
    })
    client.on('change', (change) => this.#tell(changeText(change)))
    client.on('state', ({ state }) => {
      const text = this.#tellsState ? stateText(state, client.isReadOnly) : undefined
      if (text !== undefined) this.#tell(text)
    })
    return client
  }

  #tell(event: string): void {
    if (!this.printsWatches) return
    this.output.line(`\nWATCHER::\n\n${event}`)
    this.#afterEvent()
  }
}

function commandUsage({ name, usage }: Command): string {
  return `${name} ${usage}`
}
