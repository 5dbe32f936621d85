/** An ensemble in this process whose members are stopped for good, one by one. */
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { ZooKeeper } from '@quorate/client'
import { resolveConfig, type RunningServer, startServer } from '@quorate/server'
import { memberMode } from '../../src/ensemble/member-mode.ts'

export class LostMajority {
  readonly root: string
  readonly ids: readonly number[]
  readonly #lines: readonly string[]
  readonly #running = new Map<number, RunningServer>()

  private constructor(root: string, lines: readonly string[]) {
    this.root = root
    this.ids = lines.map((_, index) => index + 1)
    this.#lines = lines
  }

  /** @param settings further lines of every zoo.cfg */
  static async create(
    root: string,
    roles: readonly string[],
    settings: string,
  ): Promise<LostMajority> {
    const ports = await freePorts(2 * roles.length)
    const lines = roles.map(
      (role, i) => `server.${i + 1}=127.0.0.1:${ports[2 * i]}:${ports[2 * i + 1]}:${role}`,
    )
    const ensemble = new LostMajority(root, lines)
    for (const id of ensemble.ids) {
      const directory = join(root, `server${id}`)
      mkdirSync(join(directory, 'data'), { recursive: true })
      writeFileSync(join(directory, 'data', 'myid'), String(id))
      const keys = ['tickTime=200', 'initLimit=20', 'syncLimit=10', 'clientPort=0']
      const places = [`dataDir=${join(directory, 'data')}`, 'clientPortAddress=127.0.0.1']
      const text = [...keys, ...places, '4lw.commands.whitelist=*', settings, ...lines]
      writeFileSync(ensemble.configuration(id), `${text.join('\n')}\n`)
    }
    return ensemble
  }

  configuration(id: number): string {
    return join(this.root, `server${id}`, 'zoo.cfg')
  }

  dataDirectory(id: number): string {
    return join(this.root, `server${id}`, 'data')
  }

  /** As the ensemble began with it. */
  serverLine(id: number): string {
    return this.#lines[id - 1] ?? ''
  }

  port(id: number): number {
    return this.#running.get(id)?.port ?? 0
  }

  epoch(id: number, name: 'currentEpoch' | 'acceptedEpoch'): number {
    return Number(readFileSync(join(this.dataDirectory(id), 'version-2', name), 'utf8'))
  }

  async start(...ids: readonly number[]): Promise<void> {
    for (const id of ids) {
      const path = this.configuration(id)
      const { config } = resolveConfig({ file: { path, text: readFileSync(path, 'utf8') } })
      this.#running.set(id, await startServer({ config, log: { write() {} } }))
    }
  }

  async stop(...ids: readonly number[]): Promise<void> {
    for (const id of ids) {
      const server = this.#running.get(id)
      this.#running.delete(id)
      await server?.stop()
    }
  }

  async stopAll(): Promise<void> {
    await this.stop(...this.#running.keys())
  }

  destroy(id: number): void {
    rmSync(join(this.root, `server${id}`), { recursive: true })
  }

  /** Through one server only; it serves when this begins. */
  async through<R>(id: number, work: (zk: ZooKeeper) => Promise<R>): Promise<R> {
    const zk = new ZooKeeper(`127.0.0.1:${this.port(id)}`)
    try {
      return await work(zk)
    } finally {
      await zk.close()
    }
  }

  /** As `srvr` shows it; undefined while it does not serve. */
  mode(id: number): Promise<string | undefined> {
    return memberMode(this.port(id))
  }
}

/**
 * Ports that nobody listens on, below those that the system gives to clients and for port 0: a member that is stopped must find its
 * ports again.
 */
async function freePorts(count: number): Promise<readonly number[]> {
  const ports = new Set<number>()
  while (ports.size < count) {
    const port = randomInt(15_000, 32_000)
    if (await isFree(port)) ports.add(port)
  }
  return [...ports]
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  try {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
  } catch {
    return false
  }
  server.close()
  await once(server, 'close')
  return true
}
