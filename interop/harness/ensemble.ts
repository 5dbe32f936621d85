/**
 * An ensemble of servers on the loopback interface, each of either kind. Nothing runs after `start` was refused or
 * `dispose` was called.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EnsembleMember, type KindName, type MemberSettings } from './ensemble-member.ts'
import { eventually } from './eventually.ts'
import { installForeignPrograms } from './install.ts'
import { reservedPorts } from './reserved-ports.ts'

export interface EnsembleOptions {
  /** One each; the ids are 1, 2 and so on. With equal history the highest id of those that vote first is elected. */
  readonly voters: readonly KindName[]
  /** Their ids follow. */
  readonly observers?: readonly KindName[]
  /** Lines of zoo.cfg for all members, besides ports, directories and members. */
  readonly configuration?: readonly string[]
  /** Java system properties for all members, without -D. */
  readonly properties?: Readonly<Record<string, string>>
  readonly heapMb?: number
  /** Where a server's quorum and election ports are. Default: 127.0.0.1 for all. */
  readonly peerHosts?: (id: number) => readonly string[]
}

const configurationDefaults = [
  'tickTime=1000',
  'initLimit=20',
  'syncLimit=8',
  'maxSessionTimeout=300000',
  'maxClientCnxns=0',
  'admin.enableServer=false',
  '4lw.commands.whitelist=*',
]

const heapDefaultMb = 128
const leaderTimeoutMs = 60_000
const equalTimeoutMs = 30_000

export class Ensemble {
  readonly members: readonly EnsembleMember[]
  readonly #directory: string

  private constructor(members: readonly EnsembleMember[], directory: string) {
    this.members = members
    this.#directory = directory
  }

  /** Lays out the members' files; none is started. */
  static async create(options: EnsembleOptions): Promise<Ensemble> {
    const { voters, observers = [], configuration = [] } = options
    const kinds = [...voters, ...observers]
    if (kinds.includes('apache')) installForeignPrograms()
    const ports = await reservedPorts(3 * kinds.length)
    const directory = mkdtempSync(join(tmpdir(), 'interop-ensemble-'))
    const settings = kinds.map((kind, i): MemberSettings => {
      const own = join(directory, `server${i + 1}`)
      mkdirSync(own)
      return {
        id: i + 1,
        kind,
        role: i < voters.length ? 'participant' : 'observer',
        directory: own,
        clientPort: ports[3 * i]!,
        quorumPort: ports[3 * i + 1]!,
        electionPort: ports[3 * i + 2]!,
        properties: options.properties ?? {},
        heapMb: options.heapMb ?? heapDefaultMb,
      }
    })
    const { peerHosts = () => ['127.0.0.1'] } = options
    const serverLines = settings.map((each) => serverLine(each, peerHosts(each.id)))
    const givenKeys = new Set(configuration.map(keyOf))
    const defaults = configurationDefaults.filter((line) => !givenKeys.has(keyOf(line)))
    const members = settings.map((each) => {
      const role = each.role === 'observer' ? ['peerType=observer'] : []
      return new EnsembleMember(each, [...defaults, ...role, ...configuration, ...serverLines])
    })
    return new Ensemble(members, directory)
  }

  /**
   * Creates an ensemble and starts it, first those that are to elect the leader.
   * @param electors ids; default: all voters but the first, so that the highest id is sure to lead
   */
  static async start(options: EnsembleOptions, electors?: readonly number[]): Promise<Ensemble> {
    const ensemble = await Ensemble.create(options)
    try {
      const votes = options.voters.length
      const first = electors ?? Array.from({ length: votes - 1 }, (_, i) => i + 2)
      await ensemble.startInOrder(first)
      return ensemble
    } catch (error) {
      await ensemble.dispose()
      throw error
    }
  }

  /** Starts the electors, and the others when those have a leader. Returns when all serve. */
  async startInOrder(electors: readonly number[]): Promise<void> {
    const first = electors.map((id) => this.member(id))
    await Promise.all(first.map((member) => member.start()))
    await Promise.all(first.map((member) => member.awaitServing()))
    const rest = this.members.filter(({ isRunning }) => !isRunning)
    await Promise.all(rest.map((member) => member.start()))
    await Promise.all(rest.map((member) => member.awaitServing()))
  }

  member(id: number): EnsembleMember {
    const member = this.members[id - 1]
    if (member === undefined) throw new Error(`there is no server ${id}`)
    return member
  }

  get running(): readonly EnsembleMember[] {
    return this.members.filter(({ isRunning }) => isRunning)
  }

  /** Addresses of all members. */
  get connectString(): string {
    return this.members.map(({ address }) => address).join(',')
  }

  /** The member that leads now, of those that answer. */
  async leader(): Promise<EnsembleMember | undefined> {
    const states = await Promise.all(this.running.map((member) => member.state()))
    return this.running.find((_member, i) => states[i]?.mode === 'leader')
  }

  awaitLeader(): Promise<EnsembleMember> {
    const wait = {
      what: 'a leader',
      timeoutMs: leaderTimeoutMs,
      explain: () => this.#logTails(),
    }
    return eventually(wait, () => this.leader())
  }

  /** Waits until all running members serve. */
  async awaitServing(): Promise<void> {
    await Promise.all(this.running.map((member) => member.awaitServing()))
  }

  /** Waits until all running members have applied the same transaction last. @returns its zxid */
  awaitEqualZxids(): Promise<bigint> {
    let seen = ''
    const wait = { what: 'equal zxids', timeoutMs: equalTimeoutMs, explain: () => seen }
    return eventually(wait, async () => {
      const states = await Promise.all(this.running.map((member) => member.state()))
      const zxids = states.map((state) => state?.zxid)
      seen = this.running.map(({ name }, i) => `${name} ${zxids[i]?.toString(16)}`).join(', ')
      return zxids.every((zxid) => zxid === zxids[0]) ? zxids[0] : undefined
    })
  }

  /** Ends all processes and removes their files. */
  async dispose(): Promise<void> {
    await Promise.all(this.members.map((member) => member.kill()))
    if (process.env['INTEROP_KEEP'] === undefined)
      rmSync(this.#directory, { recursive: true, force: true })
  }

  #logTails(): string {
    return this.members
      .map((member) => `${member.name}:\n${member.log().split('\n').slice(-15).join('\n')}`)
      .join('\n')
  }
}

function serverLine(member: MemberSettings, hosts: readonly string[]): string {
  const { id, quorumPort, electionPort, clientPort, role } = member
  const addresses = hosts.map((host) => `${host}:${quorumPort}:${electionPort}`)
  return `server.${id}=${addresses.join('|')}:${role};127.0.0.1:${clientPort}`
}

function keyOf(line: string): string {
  return line.split('=', 1)[0]!.trim()
}
