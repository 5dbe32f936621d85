/** An ensemble under observation: runs it until something is so, and ends the run with the first thing that is wrong. */
import { Agreement, ComplianceViolation } from './agreement.ts'
import type { EngineEnsemble, EngineUnderTest } from './engine-ensemble.ts'
import { ObservedServer } from './observed-server.ts'
import { randomOf } from './random.ts'

export interface EnsembleShape {
  readonly voters: readonly number[]
  readonly observers?: readonly number[]
  readonly seed?: number
}

export class ObservedEnsemble {
  readonly servers: readonly ObservedServer[]
  readonly voters: readonly ObservedServer[]
  readonly agreement: Agreement
  readonly patienceMs: number
  readonly #ensemble: EngineEnsemble
  #violation: Error | undefined

  constructor(engine: EngineUnderTest, { voters, observers = [], seed = 1 }: EnsembleShape) {
    this.patienceMs = engine.patienceMs
    this.agreement = new Agreement({
      voters,
      hasEpochs: engine.serverCountMax > 1,
      isDurable: (serverId, zxid) => this.#ensemble.isDurable(serverId, zxid),
    })
    const parts = {
      agreement: this.agreement,
      syncsAnsweredAt: new Map<string, number>(),
      historyOf: (serverId: number) => this.#ensemble.history(serverId),
      failed: (violation: Error) => {
        this.#violation ??= violation
      },
    }
    this.servers = [...voters, ...observers].map((id) => new ObservedServer(id, parts))
    this.voters = this.servers.slice(0, voters.length)
    this.#ensemble = engine.createEnsemble({
      voters,
      observers,
      random: randomOf(seed),
      hostOf: (serverId) => this.server(serverId),
    })
  }

  server(id: number): ObservedServer {
    const server = this.servers.find((it) => it.id === id)
    if (server === undefined) throw new Error(`there is no server ${id}`)
    return server
  }

  /** Who leads, in the highest epoch if several do. */
  get leader(): ObservedServer {
    const leading = this.servers.filter((it) => it.isLeading)
    const [first] = leading.toSorted((a, b) => b.leading.epoch - a.leading.epoch)
    if (first === undefined) throw new Error('nobody leads')
    return first
  }

  get learners(): readonly ObservedServer[] {
    return this.servers.filter((it) => it.term !== undefined && !it.isLeading)
  }

  start(...servers: readonly ObservedServer[]): void {
    for (const server of servers) {
      if (server.isUp) continue
      server.isUp = true
      this.#ensemble.start(server.id)
    }
    this.#judge()
  }

  crash(...servers: readonly ObservedServer[]): void {
    for (const server of servers) {
      if (!server.isUp) continue
      server.crashed()
      this.#ensemble.crash(server.id)
    }
    this.#judge()
  }

  cut(a: ObservedServer, b: ObservedServer): void {
    this.#ensemble.cut(a.id, b.id)
    this.#judge()
  }

  heal(a: ObservedServer, b: ObservedServer): void {
    this.#ensemble.heal(a.id, b.id)
    this.#judge()
  }

  /** Cuts a server off from all others. */
  isolate(server: ObservedServer): void {
    for (const other of this.servers) if (other !== server) this.cut(server, other)
  }

  healAll(): void {
    for (const a of this.servers) for (const b of this.servers) if (a.id < b.id) this.heal(a, b)
  }

  holdDisk(server: ObservedServer): void {
    this.#ensemble.holdDisk(server.id)
  }

  releaseDisk(server: ObservedServer): void {
    this.#ensemble.releaseDisk(server.id)
    this.#judge()
  }

  /** Runs one event. @returns whether there was one */
  step(): boolean {
    const wasThere = this.#ensemble.step()
    this.#judge()
    return wasThere
  }

  run(durationMs: number): void {
    const endMs = this.#ensemble.nowMs + durationMs
    while (this.#ensemble.nowMs < endMs && this.step());
  }

  /** @throws ComplianceViolation when it has not become so in time */
  runUntil(what: string, isSo: () => boolean, limitMs: number = this.patienceMs): void {
    const endMs = this.#ensemble.nowMs + limitMs
    while (!isSo()) {
      if (this.#ensemble.nowMs >= endMs || !this.step())
        throw new ComplianceViolation(`within ${limitMs} ms it is not so that ${what}`)
    }
  }

  /** Starts everybody who is not up, and runs until all serve. */
  startAll(): void {
    this.start(...this.servers)
    this.runUntilServing(this.servers)
  }

  runUntilServing(servers: readonly ObservedServer[]): void {
    const isServing = (): boolean =>
      servers.some((it) => it.isLeading) &&
      servers.every((it) => it.term !== undefined && it.term.epoch === this.agreement.epochMax)
    this.runUntil('all of them serve, with one leader', isServing)
  }

  /** Runs until all of them have delivered whatever anybody has. */
  runUntilLevel(servers: readonly ObservedServer[] = this.servers): void {
    this.runUntil('all of them have the same transactions', () =>
      servers.every((it) => it.term !== undefined && it.place === this.agreement.order.length),
    )
  }

  /** Runs until the transaction was delivered, by all of them. */
  runUntilDelivered(text: string, servers: readonly ObservedServer[] = this.servers): void {
    this.runUntil(`"${text}" is delivered`, () =>
      this.agreement.order.some((it) => it.text === text),
    )
    this.runUntilLevel(servers)
  }

  #judge(): void {
    if (this.#violation !== undefined) throw this.#violation
  }
}
