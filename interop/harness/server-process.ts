/**
 * A ZooKeeper server as a child process with a data directory of its own. Apache's and ours differ only in the
 * command that runs them, so that every test can be proven against Apache first.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ChildProgram } from './child-program.ts'
import { freePort } from './free-port.ts'
import { awaitServing } from './serving.ts'

export interface ServerOptions {
  /** Lines of zoo.cfg besides the port and the data directory. */
  readonly configuration?: readonly string[]
  /** Java system properties, without -D. */
  readonly properties?: Readonly<Record<string, string>>
  /** Heap of a Java server in MB. */
  readonly heapMb?: number
  /** An existing data directory, which is not removed at the end; default: a new one. */
  readonly dataDirectory?: string
  /** A command put in front of the server's, as `strace -f`. */
  readonly wrapper?: readonly string[]
}

export interface ServerCommand {
  readonly command: string
  readonly words: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
}

/** How one kind of server is run. */
export interface ServerKind {
  readonly name: 'apache' | 'quorate'
  command(configurationFile: string, options: ServerOptions): ServerCommand
}

/** Long enough for a Java server on a busy machine. */
const startTimeoutMs = 30_000

const configurationDefaults = [
  'tickTime=2000',
  'maxClientCnxns=0',
  'admin.enableServer=false',
  '4lw.commands.whitelist=*',
]

export class ServerProcess {
  readonly kind: ServerKind
  readonly port: number
  readonly dataDirectory: string
  readonly directory: string
  readonly #options: ServerOptions
  #program: ChildProgram | undefined

  private constructor(kind: ServerKind, port: number, options: ServerOptions) {
    this.kind = kind
    this.port = port
    this.#options = options
    this.directory = mkdtempSync(join(tmpdir(), `interop-${kind.name}-`))
    this.dataDirectory = options.dataDirectory ?? join(this.directory, 'data')
    mkdirSync(this.dataDirectory, { recursive: true })
    writeFileSync(this.#configurationFile, this.#configuration())
  }

  /** Starts a server on a free port and returns when it answers. */
  static async start(kind: ServerKind, options: ServerOptions = {}): Promise<ServerProcess> {
    const server = new ServerProcess(kind, await freePort(), options)
    try {
      await server.restart()
      return server
    } catch (error) {
      await server.dispose()
      throw error
    }
  }

  get pid(): number {
    return this.#running().pid
  }

  get address(): string {
    return `127.0.0.1:${this.port}`
  }

  /** Starts the server, which is not running, on its port and data again. */
  async restart(): Promise<void> {
    const { command, words, environment } = this.kind.command(
      this.#configurationFile,
      this.#options,
    )
    const [first, ...rest] = [...(this.#options.wrapper ?? []), command, ...words]
    this.#program = await ChildProgram.start({
      command: first!,
      words: rest,
      ...(environment === undefined ? {} : { environment }),
      logFile: join(this.directory, 'server.log'),
    })
    const program = this.#program
    await awaitServing(this.port, startTimeoutMs, () => {
      if (!program.isRunning)
        throw new Error(
          `the ${this.kind.name} server ended while it started:\n${program.logTail()}`,
        )
    })
  }

  signal(signal: NodeJS.Signals): void {
    this.#running().signal(signal)
  }

  /** SIGTERM; the data stays. */
  async stop(): Promise<void> {
    await this.#program?.stop()
  }

  /** SIGKILL; the data stays. */
  async kill(): Promise<void> {
    await this.#program?.kill()
  }

  /** Ends the server and removes its directory. */
  async dispose(): Promise<void> {
    await this.kill()
    rmSync(this.directory, { recursive: true, force: true })
  }

  logTail(): string {
    return this.#running().logTail()
  }

  #running(): ChildProgram {
    if (this.#program === undefined) throw new Error('the server was never started')
    return this.#program
  }

  get #configurationFile(): string {
    return join(this.directory, 'zoo.cfg')
  }

  #configuration(): string {
    const own = [
      `dataDir=${this.dataDirectory}`,
      `clientPort=${this.port}`,
      'clientPortAddress=127.0.0.1',
    ]
    const given = this.#options.configuration ?? []
    const keysGiven = new Set(given.map(keyOf))
    const defaults = configurationDefaults.filter((line) => !keysGiven.has(keyOf(line)))
    return [...own, ...defaults, ...given, ''].join('\n')
  }
}

function keyOf(line: string): string {
  return line.split('=', 1)[0]!.trim()
}
