/**
 * Changes of the membership, by a client that has shown itself as the super user: voters become observers and voters again,
 * servers leave and come back, with lists of who joins and who leaves and with whole memberships, for any version and for the
 * one that was seen.
 *
 * 1. As many voters are asked for as there were at least (`votersMin`): what the faults of a run may do depends on it.
 */
import { ErrorCode, type Zxid } from '@quorate/protocol'
import type { Answer, Operation } from '../client/operation.ts'
import { superCredentials } from '../client/super-user.ts'
import type { Prng } from '../prng.ts'
import type { Workload } from './workload.ts'

export interface ReconfigurableServer {
  readonly serverId: number
  /** Its line in a membership without what it takes part as: `server.1=host:2888:3888` and `host:2181`. */
  readonly addresses: string
  readonly clientAddress: string
  /** Whether clients are told of it, so that it has to stay a member. */
  readonly isClientServer: boolean
}

export interface ReconfigurationSettings {
  readonly servers: readonly ReconfigurableServer[]
  readonly votersMin: number
}

const configPath = '/zookeeper/config'

export class Reconfigurations implements Workload {
  readonly #random: Prng
  readonly #settings: ReconfigurationSettings
  readonly #credited = new Set<string>()
  /** Lines of the last membership that anybody was shown, by server. */
  #lines: ReadonlyMap<number, string> = new Map()
  #version: Zxid = -1

  constructor(random: Prng, settings: ReconfigurationSettings) {
    this.#random = random
    this.#settings = settings
  }

  next(client: string): Operation | undefined {
    // A connection that is new has to show itself anew; nobody tells this workload of one.
    if (!this.#credited.has(client) || this.#random.chance(0.2)) {
      this.#credited.add(client)
      return { type: 'auth', credentials: superCredentials }
    }
    if (this.#lines.size === 0 || this.#random.chance(0.4))
      return { type: 'getData', path: configPath, watch: false }
    const { servers } = this.#settings
    return servers.length === 0 ? undefined : this.#change(this.#random.pick(servers))
  }

  answered(operation: Operation, err: number, answer: Answer): void {
    const isConfig =
      operation.type === 'reconfig' ||
      (operation.type === 'getData' && operation.path === configPath)
    if (!isConfig || err !== ErrorCode.Ok || answer.data === undefined) return
    this.#read(answer.data)
  }

  #read(text: string): void {
    const lines = new Map<number, string>()
    for (const line of text.split('\n')) {
      const id = /^server\.(\d+)=/.exec(line)?.[1]
      if (id !== undefined) lines.set(Number(id), line)
      const version = /^version=([0-9a-f]+)$/.exec(line)?.[1]
      if (version !== undefined) this.#version = Number.parseInt(version, 16)
    }
    this.#lines = lines
  }

  #change(server: ReconfigurableServer): Operation | undefined {
    const { serverId } = server
    const line = this.#lines.get(serverId)
    const isVoter = line !== undefined && !isObserver(line)
    const wants = this.#random.chance(0.6) ? 'participant' : 'observer'
    const others = [...this.#lines].filter(([id, other]) => id !== serverId && !isObserver(other))
    const votersLeft = others.length + (wants === 'participant' ? 1 : 0)
    const version = this.#random.chance(0.5) ? this.#version : -1
    const leaves = line !== undefined && !server.isClientServer && this.#random.chance(0.5)
    if ((leaves || isVoter) && (leaves ? others.length : votersLeft) < this.#settings.votersMin)
      return undefined
    if (leaves) return { type: 'reconfig', leaving: String(serverId), version }
    const joining = `${server.addresses}:${wants};${server.clientAddress}`
    if (this.#random.chance(0.6)) return { type: 'reconfig', joining, version }
    const members = new Map(this.#lines).set(serverId, joining)
    return { type: 'reconfig', newMembers: [...members.values()].join(','), version }
  }
}

function isObserver(line: string): boolean {
  return line.includes(':observer')
}
