/**
 * One server of an ensemble under test. Its configuration and data outlive its processes, and belong to no kind of
 * server: a stopped member can go on as the other kind. The servers may rewrite their zoo.cfg; it is written once.
 */
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { apache } from './apache-server.ts'
import { ChildProgram } from './child-program.ts'
import { eventually } from './eventually.ts'
import { quorate } from './quorate-server.ts'
import type { ServerKind } from './server-process.ts'
import { type Mode, serverFigures, type ServerState, serverState } from './server-word.ts'

export type KindName = ServerKind['name']

const kinds: Readonly<Record<KindName, ServerKind>> = { apache, quorate }

export interface MemberSettings {
  readonly id: number
  readonly kind: KindName
  readonly role: 'participant' | 'observer'
  readonly directory: string
  readonly clientPort: number
  readonly quorumPort: number
  readonly electionPort: number
  readonly properties: Readonly<Record<string, string>>
  readonly heapMb: number
}

/** Long enough for a Java server and an election on a busy machine. */
const serveTimeoutMs = 60_000

export class EnsembleMember {
  readonly settings: MemberSettings
  readonly id: number
  readonly port: number
  #kind: KindName
  #inherited: ReadonlySet<string> = new Set()
  #program: ChildProgram | undefined
  /** Of the log, where the present life begins. */
  #logStart = 0
  /** Of the present life, when it began to serve. */
  #figuresAtFirst: ReadonlyMap<string, string> | undefined

  /** @param configuration all of zoo.cfg but dataDir */
  constructor(settings: MemberSettings, configuration: readonly string[]) {
    this.settings = settings
    this.id = settings.id
    this.port = settings.clientPort
    this.#kind = settings.kind
    mkdirSync(this.dataDirectory, { recursive: true })
    writeFileSync(join(this.dataDirectory, 'myid'), `${this.id}\n`)
    const lines = [`dataDir=${this.dataDirectory}`, ...configuration, '']
    writeFileSync(this.configurationFile, lines.join('\n'))
  }

  get kind(): KindName {
    return this.#kind
  }

  get name(): string {
    return `server ${this.id} (${this.#kind})`
  }

  get dataDirectory(): string {
    return join(this.settings.directory, 'data')
  }

  get configurationFile(): string {
    return join(this.settings.directory, 'zoo.cfg')
  }

  get address(): string {
    return `127.0.0.1:${this.port}`
  }

  get isRunning(): boolean {
    return this.#program?.isRunning === true
  }

  /** @throws Error while it does not run */
  get pid(): number {
    if (this.#program === undefined) throw new Error(`${this.name} does not run`)
    return this.#program.pid
  }

  /** The next life is that of the other kind of server, on the same configuration and data. */
  become(kind: KindName): void {
    if (this.isRunning) throw new Error(`${this.name} runs`)
    this.#kind = kind
    this.#inherited = new Set(readdirSync(join(this.dataDirectory, 'version-2')))
  }

  /** Whether this file of its data was there when it became the kind of server that it is. */
  isInherited(name: string): boolean {
    return this.#inherited.has(name)
  }

  /** Starts the process; an ensemble is needed for it to serve. */
  async start(): Promise<void> {
    if (this.isRunning) throw new Error(`${this.name} runs already`)
    const { properties, heapMb } = this.settings
    const options = { properties, heapMb }
    const { command, words, environment } = kinds[this.#kind].command(
      this.configurationFile,
      options,
    )
    this.#figuresAtFirst = undefined
    this.#logStart = statSync(this.#logFile, { throwIfNoEntry: false })?.size ?? 0
    this.#program = await ChildProgram.start({
      command,
      words,
      ...(environment === undefined ? {} : { environment }),
      logFile: this.#logFile,
    })
  }

  /** SIGTERM; the data stays. */
  async stop(): Promise<void> {
    await this.#program?.stop()
  }

  /** SIGKILL; the data stays. */
  async kill(): Promise<void> {
    await this.#program?.kill()
  }

  /** SIGSTOP: the process stands still, and its connections stay open. */
  suspend(): void {
    this.#program?.signal('SIGSTOP')
  }

  /** SIGCONT */
  resume(): void {
    this.#program?.signal('SIGCONT')
  }

  /** Undefined while it does not serve. */
  state(): Promise<ServerState | undefined> {
    return serverState(this.port)
  }

  /** @throws Error when it does not serve in time, or its process ends */
  async awaitServing(mode?: Mode): Promise<ServerState> {
    const wait = {
      what: `${this.name} to serve${mode === undefined ? '' : ` as ${mode}`}`,
      timeoutMs: serveTimeoutMs,
      explain: () => this.log().split('\n').slice(-30).join('\n'),
    }
    const found = await eventually(wait, async () => {
      if (!this.isRunning) throw new Error(`${this.name} ended:\n${wait.explain()}`)
      const state = await this.state()
      return mode === undefined || state?.mode === mode ? state : undefined
    })
    this.#figuresAtFirst ??= await serverFigures(this.port)
    return found
  }

  /** How much a figure of `mntr` has grown since the present life began to serve. */
  async growthOf(figure: string): Promise<number> {
    const figures = await serverFigures(this.port)
    return Number(figures.get(figure)) - Number(this.#figuresAtFirst?.get(figure) ?? 0)
  }

  /** What the present life has logged. */
  log(): string {
    const size = statSync(this.#logFile, { throwIfNoEntry: false })?.size ?? 0
    if (size <= this.#logStart) return ''
    return readFileSync(this.#logFile).subarray(this.#logStart).toString('utf8')
  }

  get #logFile(): string {
    return join(this.settings.directory, 'server.log')
  }
}
