/** Three servers of one kind that are measured together, each a process of its own. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as elapsed } from 'node:timers/promises'
import { BenchedServer, freePort, type ServerKind } from './benched-server.ts'

const size = 3
const leaderTimeoutMs = 30_000

export class BenchedEnsemble {
  readonly members: readonly BenchedServer[]

  private constructor(members: readonly BenchedServer[]) {
    this.members = members
  }

  /** Makes directories and configurations; none is started. */
  static async prepare(
    kind: ServerKind,
    directory: string,
    snapCount: number,
  ): Promise<BenchedEnsemble> {
    const ids = Array.from({ length: size }, (_, i) => i + 1)
    const serverLines: string[] = []
    for (const id of ids)
      serverLines.push(`server.${id}=127.0.0.1:${await freePort()}:${await freePort()}`)
    const members: BenchedServer[] = []
    for (const myId of ids) {
      const own = join(directory, `server${myId}`)
      mkdirSync(own)
      const settings = { snapCount, membership: { myId, serverLines } }
      members.push(await BenchedServer.prepare(kind, own, settings))
    }
    return new BenchedEnsemble(members)
  }

  /** The members that were started and not stopped, as a connection string. */
  get addresses(): string {
    return this.#running.map(({ address }) => address).join(',')
  }

  get pids(): string {
    return this.#running.map(({ pid }) => pid).join(',')
  }

  launch(): void {
    for (const member of this.members) member.launch()
  }

  /** @throws Error when no member says within 30 s that it leads */
  async leader(): Promise<BenchedServer> {
    const endMs = performance.now() + leaderTimeoutMs
    while (performance.now() < endMs) {
      for (const member of this.#running) {
        // A server that is not up yet refuses the connection.
        const role = await member.role().catch(() => undefined)
        if (role === 'leader') return member
      }
      await elapsed(20)
    }
    throw new Error(`none of ${this.addresses} led within ${leaderTimeoutMs / 1_000} s`)
  }

  async stop(): Promise<void> {
    await Promise.all(this.members.map((member) => member.stop()))
  }

  lastOutput(): string {
    return this.members.map((member) => member.lastOutput()).join('\n')
  }

  get #running(): readonly BenchedServer[] {
    return this.members.filter(({ isRunning }) => isRunning)
  }
}
