/**
 * Changes of the membership, by a client that has shown itself as the super user: voters become observers and voters again,
 * servers come and go, with lists of who joins and who leaves and with whole memberships, for any version and for the one that was
 * seen. Where votes have groups and weights these go along, and are changed too.
 *
 * 1. One voter at least is asked for; mostly as many as there usually are.
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
}

export interface ReconfigurationSettings {
  readonly servers: readonly ReconfigurableServer[]
  readonly votersUsual: number
  /** Asked before each change: not while the operator has to do without a server whose disk is lost, or nobody could. */
  mayChange(): boolean
}

/** What a server is to be; undefined: no member. */
type Part = 'participant' | 'observer' | undefined

const configPath = '/zookeeper/config'

export class Reconfigurations implements Workload {
  readonly #random: Prng
  readonly #settings: ReconfigurationSettings
  readonly #credited = new Set<string>()
  /** The last membership that anybody was shown. */
  #parts: ReadonlyMap<number, Part> = new Map()
  #hasGroups = false
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
    if (this.#parts.size === 0 || this.#random.chance(0.4))
      return { type: 'getData', path: configPath, watch: this.#random.chance(0.5) }
    return this.#settings.mayChange() ? this.#change() : undefined
  }

  answered(operation: Operation, err: number, answer: Answer): void {
    const isConfig =
      operation.type === 'reconfig' ||
      (operation.type === 'getData' && operation.path === configPath)
    if (!isConfig || err !== ErrorCode.Ok || answer.data === undefined) return
    this.#read(answer.data)
  }

  #read(text: string): void {
    const parts = new Map<number, Part>()
    for (const line of text.split('\n')) {
      const id = /^server\.(\d+)=/.exec(line)?.[1]
      if (id !== undefined)
        parts.set(Number(id), line.includes(':observer') ? 'observer' : 'participant')
      const version = /^version=([0-9a-f]+)$/.exec(line)?.[1]
      if (version !== undefined) this.#version = Number.parseInt(version, 16)
    }
    this.#parts = parts
    this.#hasGroups = text.includes('\ngroup.')
  }

  #change(): Operation | undefined {
    const { servers } = this.#settings
    if (servers.length === 0) return undefined
    const wanted = new Map(this.#parts)
    const changed = new Set<ReconfigurableServer>()
    const count = this.#random.chance(0.7)
      ? 1
      : this.#random.between(2, Math.max(2, servers.length))
    for (let i = 0; i < count; i++) {
      const server = this.#random.pick(servers)
      changed.add(server)
      wanted.set(server.serverId, this.#part(wanted))
    }
    if (votersIn(wanted) === 0) return undefined
    const version = this.#random.chance(0.5) ? this.#version : -1
    const isWhole = this.#random.chance(this.#hasGroups ? 0.9 : 0.4)
    if (isWhole) return { type: 'reconfig', newMembers: this.#membership(wanted), version }
    const joining: string[] = []
    const leaving: number[] = []
    for (const server of changed) {
      const part = wanted.get(server.serverId)
      if (part === undefined) leaving.push(server.serverId)
      else joining.push(lineOf(server, part))
    }
    return {
      type: 'reconfig',
      ...(joining.length > 0 ? { joining: joining.join(',') } : {}),
      ...(leaving.length > 0 ? { leaving: leaving.join(',') } : {}),
      version,
    }
  }

  /** Few voters, and many, draw back to as many as there usually are. */
  #part(parts: ReadonlyMap<number, Part>): Part {
    const voterChance = votersIn(parts) <= this.#settings.votersUsual ? 0.7 : 0.35
    if (this.#random.chance(voterChance)) return 'participant'
    return this.#random.chance(0.5) ? 'observer' : undefined
  }

  /** A whole membership, in the form of a request. */
  #membership(parts: ReadonlyMap<number, Part>): string {
    const lines: string[] = []
    for (const server of this.#settings.servers) {
      const part = parts.get(server.serverId)
      if (part !== undefined) lines.push(lineOf(server, part))
    }
    // Groups may come and go, too.
    const hasGroups = this.#random.chance(0.1) ? !this.#hasGroups : this.#hasGroups
    const voters = [...parts].filter(([, part]) => part === 'participant').map(([id]) => id)
    if (hasGroups) lines.push(...groupLines(voters, this.#random))
    return lines.join(',')
  }
}

/** Lines of groups and weights in which all of these vote; at least one has a weight. */
export function groupLines(voters: readonly number[], random: Prng): readonly string[] {
  const groupCount = voters.length < 5 || random.chance(0.4) ? 1 : random.between(2, 3)
  const groups: number[][] = Array.from({ length: groupCount }, () => [])
  for (const [at, id] of voters.entries()) groups[at % groupCount]!.push(id)
  const lines = groups.map((ids, at) => `group.${at + 1}=${ids.join(':')}`)
  for (const [at, id] of voters.entries()) {
    const leastWeight = at < groupCount ? 1 : 0
    if (random.chance(0.4)) lines.push(`weight.${id}=${random.between(leastWeight, 3)}`)
  }
  return lines
}

function votersIn(parts: ReadonlyMap<number, Part>): number {
  let count = 0
  for (const part of parts.values()) if (part === 'participant') count++
  return count
}

function lineOf({ addresses, clientAddress }: ReconfigurableServer, part: string): string {
  return `${addresses}:${part};${clientAddress}`
}
