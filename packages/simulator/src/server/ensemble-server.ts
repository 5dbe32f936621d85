/** A machine whose process is a member of an ensemble. */
import type { Membership, Role } from '@quorate/consensus'
import { utf8Decode, type Zxid } from '@quorate/protocol'
import type { EnsembleMemberOptions, MemberDriver } from '@quorate/replica'
import type { Tree } from '@quorate/tree'
import { viewTree } from '../history/tree-view.ts'
import type { Network } from '../network/network.ts'
import { usPerMs, type World } from '../world.ts'
import { memberOptions } from './ensemble-member-factory.ts'
import type { EnsembleSettings } from './ensemble-settings.ts'
import type { KnownTxns } from './known-txns.ts'
import { codeOf, Machine } from './machine.ts'
import {
  type LoadCause,
  type Member,
  type MemberListener,
  SimulatedMemberDriver,
} from './simulated-member-driver.ts'
import { type MembershipParser, SimulatedMemberships } from './simulated-memberships.ts'

/** With so much of it a server may write again. */
const roomBytes = 65_536

const epochPath = '/data/version-2/currentEpoch'

/** What the operator of an ensemble knows and decides. */
export interface EnsembleOperator {
  readonly knownTxns: KnownTxns
  readonly tickTimeMs: number
  readonly parse: MembershipParser
  readonly settings: EnsembleSettings
  nameOf(serverId: number): string
  /** What is written into the configuration of a server that has none. */
  initialMembership(server: EnsembleServer): string
  /** A disk is about to be lost. */
  diskLost(): void
  /** Whether a server that lost what it knew may come back now. */
  mayReturn(server: EnsembleServer): boolean
  createMember(driver: MemberDriver, options: EnsembleMemberOptions): Member
}

export class EnsembleServer extends Machine implements MemberListener {
  readonly serverId: number
  readonly #operator: EnsembleOperator
  #driver: SimulatedMemberDriver | undefined
  #memberships: SimulatedMemberships | undefined
  #role: Role | undefined
  #epoch = 0
  #durableZxid: Zxid = 0
  /** As its file has it. */
  #epochOnDisk: number | undefined
  /** Set: its disk can't be believed, since then, until it has been brought into step. */
  #doubtfulSinceUs: number | undefined
  /** A bit of its disk was flipped, and nobody has noticed yet. */
  #isFlipped = false
  /** Its disk was full when its process ended: it serves without it until there is room. */
  #isDiskless = false
  #crashInSyncAfter = 0
  #crashedInSync: (() => void) | undefined

  constructor(
    serverId: number,
    parts: {
      readonly world: World
      readonly network: Network
      readonly operator: EnsembleOperator
    },
  ) {
    super(parts.operator.nameOf(serverId), parts)
    this.serverId = serverId
    this.#operator = parts.operator
    this.disk.onDirectorySynced = () => this.#tellEpochOnDisk()
  }

  /** What it serves as; undefined: it looks for a leader, or is down. */
  get role(): Role | undefined {
    return this.#role
  }

  /** Whether it leads, be it that nobody follows yet. */
  get isLeading(): boolean {
    return this.#driver?.member.state === 'leading'
  }

  get epoch(): number {
    return this.#epoch
  }

  /** The log on its disk holds everything up to here. */
  get durableZxid(): Zxid {
    return this.#durableZxid
  }

  /** The last that its process has put into the log. */
  get loggedZxid(): Zxid {
    return Math.max(this.#durableZxid, this.#driver?.loggedZxid ?? 0)
  }

  get lastZxid(): Zxid {
    return this.#driver?.member.lastZxid ?? 0
  }

  get membership(): Membership | undefined {
    return this.#memberships?.committed
  }

  /** The one in force, and the one that was proposed last, if that is another one. */
  get memberships(): readonly Membership[] {
    const memberships = this.#memberships
    if (memberships === undefined) return []
    const { committed, lastSeen } = memberships
    return committed.text === lastSeen.text ? [committed] : [committed, lastSeen]
  }

  get doubtfulSinceUs(): number | undefined {
    return this.#doubtfulSinceUs
  }

  /** A power failure at the `count`-th disk operation of its next synchronisation with a leader; then `crashed` is called. */
  crashInSyncAfter(count: number, crashed: () => void): void {
    this.#crashInSyncAfter = count
    this.#crashedInSync = crashed
    this.#armSync()
  }

  override disarm(): void {
    super.disarm()
    this.#crashInSyncAfter = 0
  }

  override end(losesPower: boolean, losesDisk = false): void {
    if (this.isDown) return
    this.#role = undefined
    this.#driver = undefined
    this.#isDiskless = false
    super.end(losesPower, losesDisk)
  }

  /** The machine breaks, and another one with an empty disk takes its place. */
  loseDisk(): void {
    this.world.faults.hit('disk.lost')
    this.host.note('loses its disk')
    this.#operator.diskLost()
    this.#becomeDoubtful()
    this.disk.wipe()
    this.#epochOnDisk = undefined
    this.#durableZxid = 0
  }

  /** A power failure, and a bit on the disk is another one when it comes back. */
  flipBit(): void {
    this.#operator.diskLost()
    this.#becomeDoubtful()
    const path = this.disk.flipBit('/data')
    if (path === undefined) return
    this.host.note('has another bit in %', path)
    this.#isFlipped = true
  }

  /** Tells which sessions it alone knows. */
  tellLocalSessions(): void {
    const view = this.#driver?.member.sessionsView()
    const sessions = [...(view?.localSessionIdsByExpiryMs?.values() ?? [])].flat()
    this.world.observe({ type: 'localSessions', server: this.host.name, sessions })
  }

  /** Tells what it has come to. */
  settle(): void {
    const member = this.#driver?.member
    if (member === undefined) return
    this.world.observe({
      type: 'settled',
      server: this.host.name,
      isServing: this.#role !== undefined,
      view: viewTree(member.tree),
    })
  }

  override failed(error: Error): void {
    if (this.#isFlipped && this.phase === 'recovering') {
      // As it should: the operator replaces the disk.
      this.world.faults.hit('disk.bit-flip')
      this.host.note('refuses its disk: %', error.message)
      this.#isFlipped = false
      this.end(false, true)
      this.disk.wipe()
      this.#epochOnDisk = undefined
      return
    }
    const isFull = codeOf(error) === 'ENOSPC' && !this.#isDiskless
    super.failed(error)
    this.#isDiskless = isFull
  }

  synced(zxid: Zxid): void {
    if (zxid > this.#durableZxid) this.#durableZxid = zxid
  }

  loaded(tree: Tree, cause: LoadCause): void {
    if (cause !== 'held') this.#durableZxid = tree.lastZxid
  }

  termStarted(role: Role, epoch: number): void {
    this.#role = role
    this.#epoch = epoch
    // Its disk is as it was.
    if (this.#isDiskless) return
    this.#doubtfulSinceUs = undefined
    this.#isFlipped = false
  }

  termEnded(): void {
    this.#role = undefined
  }

  reported(code: string): void {
    if (code !== 'LOG_TAIL_CUT' && code !== 'SNAPSHOT_SKIPPED') return
    this.world.faults.hit(this.#isFlipped ? 'disk.bit-flip' : 'disk.torn-write')
  }

  protected override mayStart(): boolean {
    return this.#doubtfulSinceUs === undefined || this.#operator.mayReturn(this)
  }

  protected override boot(): void {
    const { world, network, host, disk } = this
    this.#tellEpochOnDisk()
    const { knownTxns, tickTimeMs, parse, settings } = this.#operator
    const initialText = this.#operator.initialMembership(this)
    const memberships = new SimulatedMemberships(disk, { initialText, parse }, (membership) => {
      if (membership.version > 0) world.faults.hit('membership.change')
      host.note('has the membership %', membership.text)
      world.observe({ type: 'membershipChanged', server: host.name, text: membership.text })
    })
    this.#memberships = memberships
    world.observe({
      type: 'membershipChanged',
      server: host.name,
      text: memberships.committed.text,
    })
    const driver = new SimulatedMemberDriver({
      world,
      network,
      host,
      disk,
      memberships,
      knownTxns,
      tickTimeMs,
      settings,
      nameOf: (serverId) => this.#operator.nameOf(serverId),
      listener: this,
      createMember: (port) => this.#operator.createMember(port, this.#memberOptions()),
    })
    this.#driver = driver
    this.#armSync()
    driver.start(() => {
      this.recovered()
      this.#tellEpochOnDisk()
      driver.listen()
    })
    if (this.#isDiskless) this.#lookForRoom()
  }

  /** As the operator's server does: once there is room its process begins anew, on its disk. */
  #lookForRoom(): void {
    this.host.after(this.random.between(50, 400) * usPerMs, 'timer', 'looks for room', () => {
      const { conditions } = this.disk
      if (conditions.capacityBytes - this.disk.usedBytes() < roomBytes) this.#lookForRoom()
      else this.end(false)
    })
  }

  #memberOptions(): EnsembleMemberOptions {
    const { world, host } = this
    const options = memberOptions(this.serverId, this.#operator.settings, {
      random: () => this.random.next(),
      digestMismatched: (zxid) =>
        world.observe({ type: 'digestMismatched', server: host.name, zxid }),
    })
    return { ...options, zab: { ...options.zab, isDiskless: this.#isDiskless } }
  }

  #tellEpochOnDisk(): void {
    // With another bit it may be any epoch: whether it takes it for its own is for the server to say.
    if (this.#isFlipped && this.phase === 'recovering') return
    const bytes = this.disk.contents(epochPath)
    const epoch = bytes === undefined ? undefined : Number(utf8Decode(bytes))
    if (epoch === undefined || epoch === this.#epochOnDisk) return
    this.#epochOnDisk = epoch
    this.world.observe({ type: 'epochOnDisk', server: this.host.name, epoch })
  }

  #armSync(): void {
    if (this.#crashInSyncAfter === 0 || this.isDown) return
    const isSynchronising = (): boolean => {
      const state = this.#driver?.member.state
      return this.#role === undefined && (state === 'following' || state === 'observing')
    }
    this.arm('process.crash-in-sync', this.#crashInSyncAfter, isSynchronising, this.#crashedInSync)
    this.#crashInSyncAfter = 0
  }

  #becomeDoubtful(): void {
    if (this.isDown)
      this.world.observe({
        type: 'serverEnded',
        server: this.host.name,
        losesPower: true,
        losesDisk: true,
      })
    else this.end(true, true)
    this.#doubtfulSinceUs = this.world.scheduler.nowUs
  }
}
