/** One member of an ensemble under test. */
import { type LogLine, type LogSink, startServer } from '@quorate/server'
import type { TestClients } from '../client/test-clients.ts'
import { MemoryMachine } from '../disk/memory-machine.ts'
import type { PeerNetwork } from '../network/peer-network.ts'
import { HostedServer } from '../server/hosted-server.ts'
import { installMember, memberConfig, type Settings } from '../server/server-settings.ts'

export interface TestMemberParts {
  readonly id: number
  readonly isObserver: boolean
  readonly port: number
  readonly network: PeerNetwork
  readonly clients: TestClients
  readonly serverLines: Settings
  readonly settings: Settings
  readonly log: LogSink
}

export class TestMember extends HostedServer {
  /** Its number in the server lines: 1 and up. */
  readonly id: number
  readonly isObserver: boolean
  readonly #term: TermLog

  /** One that does not run yet. */
  constructor(parts: TestMemberParts) {
    const { id, network, clients, port } = parts
    const machine = new MemoryMachine({ connect: (to, how) => network.connect(id, to, how) })
    installMember(machine.configurationDisk, { serverId: id, ...parts })
    const term = new TermLog(parts.log)
    super({
      clients,
      machine,
      start: () =>
        startServer({ config: memberConfig(machine.configurationDisk), log: term, machine }),
      port,
    })
    this.id = id
    this.isObserver = parts.isObserver
    this.#term = term
  }

  /** The id of the member that leads it, which may be itself; undefined while it serves nobody. */
  get leaderId(): number | undefined {
    return this.mode === undefined || this.mode === 'read-only' ? undefined : this.#term.leaderId
  }
}

/** Passes on what a member says, and notes whom it served last: it says so before it serves. */
class TermLog implements LogSink {
  leaderId: number | undefined
  readonly #log: LogSink

  constructor(log: LogSink) {
    this.#log = log
  }

  write(line: LogLine): void {
    if (line.code === 'TERM_STARTED') this.leaderId = line.fields?.['leaderId'] as number
    this.#log.write(line)
  }
}
