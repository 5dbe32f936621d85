/**
 * The servers of an ensemble, and their operator.
 *
 * What the protocol promises holds as long as a majority of the voters remembers what it has promised. So of all voters one at a
 * time may lose its disk, and it comes back only
 *
 * 1. when a quorum that it is not part of serves under one leader, with all on its disks that any server had in its log when the
 *    disk was lost: whichever quorum the empty server votes in, one of the others in it knows everything that was committed;
 * 2. when a leader that still counts on an epoch which it accepted must have given up.
 *
 * Until it has been brought into step nobody else loses anything. While a reconfiguration is under way, all of this is asked of
 * both memberships.
 *
 * Servers that are no members (yet, or any more) run on beside the ensemble: they may be taken in at any time.
 */
import type { Zxid } from '@quorate/protocol'
import type { Membership } from '@quorate/consensus'
import type { EnsembleMemberOptions, MemberDriver } from '@quorate/replica'
import type { Network } from '../network/network.ts'
import { groupLines, type ReconfigurationSettings } from '../workload/reconfigurations.ts'
import { usPerMs, type World } from '../world.ts'
import { type EnsembleOperator, EnsembleServer } from './ensemble-server.ts'
import { drawSettings, type EnsembleSettings } from './ensemble-settings.ts'
import { KnownTxns } from './known-txns.ts'
import type { Member } from './simulated-member-driver.ts'
import type { MembershipParser } from './simulated-memberships.ts'

export interface EnsembleOptions {
  readonly voterCount: number
  readonly observerCount: number
  /** Servers that run beside the ensemble, for a reconfiguration to take them in. */
  readonly spareCount: number
  readonly tickTimeMs: number
  /** Ticks that a leader waits for its followers. */
  readonly initLimit: number
  readonly parse: MembershipParser
  readonly createMember: EnsembleOperator['createMember']
}

/** What is asked for may take this long to be proposed. */
const changeMostUs = 2_500_000

export class Ensemble implements EnsembleOperator {
  readonly knownTxns: KnownTxns = new KnownTxns()
  readonly tickTimeMs: number
  readonly parse: MembershipParser
  readonly settings: EnsembleSettings
  readonly servers: readonly EnsembleServer[]
  readonly #options: EnsembleOptions
  readonly #world: World
  /** Lines of the first membership that say how votes count. */
  readonly #groupLines: readonly string[]
  /** The last transaction that was in any log when a disk was lost. */
  #lostAtZxid: Zxid = 0
  /** When a client last asked for another membership. */
  #changeAskedAtUs = -changeMostUs

  constructor(world: World, network: Network, options: EnsembleOptions) {
    this.#world = world
    this.#options = options
    this.tickTimeMs = options.tickTimeMs
    this.parse = options.parse
    const random = world.random.fork('settings')
    this.settings = drawSettings(random)
    world.scheduler.note('operator', 'configures servers with %', JSON.stringify(this.settings))
    const voters = Array.from({ length: options.voterCount }, (_, at) => at + 1)
    this.#groupLines = this.settings.hasGroups ? groupLines(voters, random) : []
    const count = options.voterCount + options.observerCount + options.spareCount
    this.servers = Array.from(
      { length: count },
      (_, at) => new EnsembleServer(at + 1, { world, network, operator: this }),
    )
  }

  /** Who serves as leader; of several, of which all but one have not noticed yet that they are deposed, the newest. */
  get leader(): EnsembleServer | undefined {
    let leader: EnsembleServer | undefined
    for (const server of this.servers)
      if (server.role === 'leading' && server.epoch > (leader?.epoch ?? -1)) leader = server
    return leader
  }

  /** Who belongs to the ensemble, as far as the leader knows; undefined: nobody leads. */
  get members(): readonly EnsembleServer[] | undefined {
    const memberById = this.leader?.membership?.memberById
    return memberById && this.servers.filter(({ serverId }) => memberById.has(serverId))
  }

  /** What a workload has to know to change the membership. */
  get reconfiguration(): ReconfigurationSettings {
    const servers = this.servers.map((server) => ({
      serverId: server.serverId,
      addresses: `server.${server.serverId}=${server.host.name}:2888:3888`,
      clientAddress: `${server.host.name}:2181`,
    }))
    return { servers, votersUsual: this.#options.voterCount, mayChange: () => this.#mayChange() }
  }

  nameOf(serverId: number): string {
    return `server${serverId}`
  }

  createMember(driver: MemberDriver, options: EnsembleMemberOptions): Member {
    return this.#options.createMember(driver, options)
  }

  initialMembership(server: EnsembleServer): string {
    const current = server.doubtfulSinceUs === undefined ? undefined : this.leader?.membership
    if (current !== undefined) return current.text
    const { voterCount, observerCount } = this.#options
    const lines = this.servers
      .filter(({ serverId }) => serverId <= voterCount + observerCount)
      .map(({ serverId }) => this.#serverLine(serverId, serverId <= voterCount))
    if (server.serverId > voterCount + observerCount)
      lines.push(this.#serverLine(server.serverId, false))
    return [...lines, ...this.#groupLines, 'version=0'].join('\n')
  }

  /** Line of a server in a membership. */
  #serverLine(serverId: number, isVoter: boolean): string {
    const name = this.nameOf(serverId)
    const kind = isVoter ? 'participant' : 'observer'
    return `server.${serverId}=${name}:2888:3888:${kind};${name}:2181`
  }

  /** Whether the disk of this server may be lost now. */
  mayLoseDisk(server: EnsembleServer): boolean {
    const sinceChangeUs = this.#world.scheduler.nowUs - this.#changeAskedAtUs
    if (this.#isSomeoneDoubtful || sinceChangeUs < changeMostUs) return false
    const memberships = this.leader?.memberships ?? []
    return (
      memberships.length > 0 &&
      memberships.every(
        (membership) =>
          !membership.quorums.isVoter(server.serverId) ||
          this.#hasQuorumWithout(server, membership),
      )
    )
  }

  get #isSomeoneDoubtful(): boolean {
    return this.servers.some(({ doubtfulSinceUs }) => doubtfulSinceUs !== undefined)
  }

  /** A membership that needs the lost server could never be agreed on, and nothing else until it is. */
  #mayChange(): boolean {
    if (this.#isSomeoneDoubtful) return false
    this.#changeAskedAtUs = this.#world.scheduler.nowUs
    return true
  }

  diskLost(): void {
    this.#lostAtZxid = Math.max(...this.servers.map(({ loggedZxid }) => loggedZxid))
  }

  mayReturn(server: EnsembleServer): boolean {
    const lostAtUs = server.doubtfulSinceUs ?? 0
    const { tickTimeMs, initLimit } = this.#options
    const waitUs = 3 * initLimit * tickTimeMs * usPerMs
    if (this.#world.scheduler.nowUs < lostAtUs + waitUs) return false
    const memberships = this.leader?.memberships ?? []
    return (
      memberships.length > 0 &&
      memberships.every((membership) => this.#hasQuorumWithout(server, membership))
    )
  }

  /** Whether the others serve in one epoch, with all on their disks that was in anybody's log at the loss. */
  #hasQuorumWithout(server: EnsembleServer, { quorums }: Membership): boolean {
    const { leader } = this
    if (leader === undefined) return false
    return quorums.isQuorum((id) => {
      const other = this.servers[id - 1]
      if (other === undefined || other === server || other.role === undefined) return false
      return other.durableZxid >= this.#lostAtZxid && other.epoch === leader.epoch
    })
  }
}
