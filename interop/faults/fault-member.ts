/**
 * A server of a run: its process on its place in the network, with its data on a disk of its own. It tells when its process ends
 * without having been asked to.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ChildProgram } from '../harness/child-program.ts'
import { quorate } from '../harness/quorate-server.ts'
import { askWord, type ServerState, serverState } from '../harness/server-word.ts'
import type { FaultDisk } from './disk/fault-disk.ts'
import type { Address, FaultNetwork } from './network/fault-network.ts'

export interface MemberPlan {
  readonly id: number
  readonly isVoter: boolean
  /** For its zoo.cfg and its log. */
  readonly directory: string
  readonly disk: FaultDisk
  readonly network: FaultNetwork
  /** Of zoo.cfg, besides members and directories. */
  readonly configuration: readonly string[]
  readonly properties: Readonly<Record<string, string>>
  /** The process ended, and nobody had asked it to. */
  readonly failed: (member: FaultMember) => void
}

export class FaultMember {
  readonly id: number
  readonly isVoter: boolean
  readonly disk: FaultDisk
  readonly #plan: MemberPlan
  #program: ChildProgram | undefined
  #isSuspended = false
  #isEnding = false

  constructor(plan: MemberPlan) {
    this.id = plan.id
    this.isVoter = plan.isVoter
    this.disk = plan.disk
    this.#plan = plan
    const { directory, network, isVoter, configuration } = plan
    mkdirSync(directory, { recursive: true })
    mkdirSync(this.dataDirectory, { recursive: true })
    writeFileSync(join(this.dataDirectory, 'myid'), `${this.id}\n`)
    const role = isVoter ? [] : ['peerType=observer']
    const members = network.serverLines(this.id)
    const lines = [`dataDir=${this.dataDirectory}`, ...configuration, ...role, ...members, '']
    writeFileSync(this.#configurationFile, lines.join('\n'))
  }

  get name(): string {
    return `server ${this.id}`
  }

  get dataDirectory(): string {
    return join(this.disk.directory, 'data')
  }

  get address(): Address {
    return this.#plan.network.clientAddress(this.id)
  }

  get isRunning(): boolean {
    return this.#program?.isRunning === true
  }

  async start(): Promise<void> {
    const { network, properties } = this.#plan
    const command = network.placed(
      this.id,
      quorate.command(this.#configurationFile, { properties }),
    )
    this.#isEnding = false
    const program = await ChildProgram.start({
      command: command.command,
      words: command.words,
      ...(command.environment === undefined ? {} : { environment: command.environment }),
      logFile: this.#logFile,
    })
    this.#program = program
    void this.#watch(program)
  }

  async #watch(program: ChildProgram): Promise<void> {
    await program.exited
    if (!this.#isEnding && this.#program === program) this.#plan.failed(this)
  }

  /** SIGTERM; SIGKILL when that is not heard in time. */
  async stop(): Promise<void> {
    this.#isEnding = true
    this.resume()
    await this.#program?.stop()
  }

  /** SIGKILL */
  async kill(): Promise<void> {
    this.#isEnding = true
    this.#isSuspended = false
    await this.#program?.kill()
  }

  /** SIGSTOP */
  suspend(): void {
    this.#isSuspended = true
    this.#program?.signal('SIGSTOP')
  }

  /** SIGCONT */
  resume(): void {
    if (!this.#isSuspended) return
    this.#isSuspended = false
    this.#program?.signal('SIGCONT')
  }

  /** Undefined while it does not serve. */
  state(): Promise<ServerState | undefined> {
    const { host, port } = this.address
    return serverState(port, host)
  }

  ask(word: string): Promise<string> {
    const { host, port } = this.address
    return askWord(port, word, host)
  }

  /** Of all its lives. */
  log(): string {
    return readFileSync(this.#logFile, 'utf8')
  }

  get #configurationFile(): string {
    return join(this.#plan.directory, 'zoo.cfg')
  }

  get #logFile(): string {
    return join(this.#plan.directory, 'server.log')
  }
}
