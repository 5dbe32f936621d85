/** Members of an ensemble in this process, on real sockets and files. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { resolveConfig } from '../../src/config/server-config.ts'
import type { RunningServer } from '../../src/running-server.ts'
import { startServer } from '../../src/start-server.ts'
import { LineLog } from '../line-log.ts'
import { ask } from '../raw-client.ts'

interface TestMember {
  readonly id: number
  readonly directory: string
  log: LineLog
  server: RunningServer | undefined
}

export class TestEnsemble {
  readonly #lines: readonly string[]
  readonly #settings: string
  readonly #members: readonly TestMember[]

  private constructor(root: string, lines: readonly string[], settings: string) {
    this.#lines = lines
    this.#settings = settings
    this.#members = lines.map((_, index) => ({
      id: index + 1,
      directory: join(root, `server${index + 1}`),
      log: new LineLog(),
      server: undefined,
    }))
  }

  /**
   * An ensemble of which no member runs yet.
   * @param roles of the members 1 to n, "participant" or "observer"
   * @param settings further lines of every zoo.cfg
   * @param hostOf where a member's peer ports are
   */
  static async create(
    root: string,
    roles: readonly string[],
    settings = '',
    hostOf: (id: number) => string = () => '127.0.0.1',
  ): Promise<TestEnsemble> {
    const ports = await freePorts(2 * roles.length)
    const lines = roles.map(
      (role, index) =>
        `server.${index + 1}=${hostOf(index + 1)}:${ports[2 * index]}:${ports[2 * index + 1]}:${role}`,
    )
    return new TestEnsemble(root, lines, settings)
  }

  get ids(): readonly number[] {
    return this.#members.map(({ id }) => id)
  }

  async start(id: number): Promise<void> {
    const member = this.#member(id)
    const { directory } = member
    const file = join(directory, 'zoo.cfg')
    if (!existsSync(file)) {
      mkdirSync(directory, { recursive: true })
      writeFileSync(join(directory, 'myid'), String(id))
      writeFileSync(file, this.#zooCfg(member))
    }
    const { config } = resolveConfig({ file: { path: file, text: readFileSync(file, 'utf8') } })
    member.log = new LineLog()
    member.server = await startServer({ config, log: member.log })
  }

  #zooCfg({ id, directory }: TestMember): string {
    const hasClientPort = this.#lines[id - 1].includes(';')
    return [
      `dataDir=${directory}`,
      ...(hasClientPort ? [] : ['clientPort=0', 'clientPortAddress=127.0.0.1']),
      'tickTime=200',
      'initLimit=20',
      'syncLimit=10',
      '4lw.commands.whitelist=*',
      ...this.#lines,
      this.#settings,
    ].join('\n')
  }

  async startAll(): Promise<void> {
    for (const id of this.ids) await this.start(id)
  }

  async stop(id: number): Promise<void> {
    const member = this.#member(id)
    const { server } = member
    member.server = undefined
    await server?.stop()
  }

  async stopAll(): Promise<void> {
    for (const id of this.ids) await this.stop(id)
  }

  /** Its disk is lost, but for its id. */
  wipe(id: number): void {
    rmSync(join(this.#member(id).directory, 'version-2'), { recursive: true })
  }

  port(id: number): number {
    return this.#member(id).server!.port
  }

  log(id: number): LineLog {
    return this.#member(id).log
  }

  get running(): readonly number[] {
    return this.#members.filter(({ server }) => server !== undefined).map(({ id }) => id)
  }

  /** The member that leads, as soon as every running member serves in its epoch. */
  async leader(): Promise<number> {
    for (;;) {
      const seen = this.running.map((id) => ({
        id,
        log: this.log(id),
        from: this.log(id).lines.length,
      }))
      const modes = await Promise.all(this.running.map((id) => ask(this.port(id), 'srvr')))
      const leader = this.running.find((_, index) => modes[index].includes('Mode: leader'))
      if (leader !== undefined && modes.every((text) => text.includes('Mode: ')))
        if (this.running.every((id) => this.#epochOf(id) === this.#epochOf(leader))) return leader
      await Promise.race(seen.map(({ log, from }) => log.until('TERM_STARTED', { from })))
    }
  }

  /** Of the last term that it has started. */
  #epochOf(id: number): unknown {
    return this.log(id).lines.findLast(({ code }) => code === 'TERM_STARTED')?.fields?.['epoch']
  }

  #member(id: number): TestMember {
    return this.#members[id - 1]
  }
}

/** Ports of this machine that nobody listens on at the moment. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer())
  const ports: number[] = []
  for (const server of servers) {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    ports.push((server.address() as { port: number }).port)
  }
  for (const server of servers) await new Promise((resolve) => server.close(resolve))
  return ports
}
