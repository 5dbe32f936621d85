/**
 * A process that is a member of something, by all recipes for that on the real client library: it keeps nodes, is in a group, offers a
 * service, gives signs of life, shares items and a configuration, and meets others at barriers. Each of that is a job of its own
 * (`jobs/`); what recipes tell it is told to the checkers, and its socket is tapped as that of every real client.
 *
 * 1. Some go on in a new session of the same client object when theirs is lost, others make a new client.
 * 2. When it is to stop it changes nothing any more and stays a member. After {@link restMs} it tells what it sees then: what
 *    all of them do at the same time, so that nothing is on its way.
 */
import type { StateChange, ZooKeeper } from '@quorate/client/core'
import type { MemberObservation } from '../history/member-observation.ts'
import type { Host } from '../host.ts'
import type { ApplicationParts } from './application-process.ts'
import { JobProcess } from './job-process.ts'
import { BarrierJob } from './jobs/barrier-job.ts'
import { ConfigJob } from './jobs/config-job.ts'
import { DetectorJob } from './jobs/detector-job.ts'
import { DiscoveryJob } from './jobs/discovery-job.ts'
import { GroupJob } from './jobs/group-job.ts'
import { keepPersistentNode, keepTtlNode } from './jobs/kept-node-job.ts'
import type { JobParts, MemberJob } from './jobs/member-job.ts'
import { PartitionJob } from './jobs/partition-job.ts'

/** Calls and waits that were under way have come to an end by then, and what they changed is known everywhere. */
const restMs = 4_500
/** Before another attempt to get the first session. */
const reconnectMostMs = 300

export class MemberClient extends JobProcess {
  #jobs: readonly MemberJob[] = []
  #hasRested = false

  constructor(host: Host, parts: ApplicationParts) {
    super(host, parts, 'member client')
  }

  override get isIdle(): boolean {
    return this.#hasRested
  }

  override stop(): void {
    super.stop()
    this.later(restMs, 'tells what it sees', () => this.#rest())
  }

  protected override open(): void {
    const onExpired = this.random.chance(0.6) ? 'renew' : 'end'
    const zk = this.makeClient({ onExpired })
    zk.on(
      'state',
      this.guarded(zk, ({ state }: StateChange) => {
        if (state === 'connected') this.#begin(zk)
        else if (state === 'idle') this.#connectLater(zk)
        if (state !== 'expired' || onExpired === 'renew') return
        this.#tell(zk, { type: 'memberEnded', client: this.host.name })
        this.#jobs = []
        this.openAnother()
      }),
    )
    zk.connect()
  }

  /** What is asked for before there has been a session ends when none comes in time. */
  #begin(zk: ZooKeeper): void {
    if (this.#jobs.length > 0) return
    const parts = this.#jobParts(zk)
    this.#jobs = [
      keepPersistentNode(parts),
      keepTtlNode(parts),
      new GroupJob(parts),
      new DiscoveryJob(parts),
      new DetectorJob(parts),
      new PartitionJob(parts),
      new ConfigJob(parts),
      new BarrierJob(parts),
    ]
  }

  #connectLater(zk: ZooKeeper): void {
    this.later(this.random.below(reconnectMostMs), 'connects again', () => {
      if (zk !== this.zk) return
      this.parts.turns.begin()
      zk.connect()
    })
  }

  protected override dies(): void {
    super.dies()
    this.#jobs = []
    this.parts.world.observe({ type: 'memberEnded', client: this.host.name })
  }

  #jobParts(zk: ZooKeeper): JobParts {
    return {
      client: this.host.name,
      zk,
      random: this.random,
      nowMs: () => this.host.monotonicMs,
      observe: (observation) => this.#tell(zk, observation),
      pause: (delayMs) => this.pause(delayMs),
      loop: (job) => this.loop(zk, job),
      follow: (job) => this.follow(zk, job),
      isStopping: () => this.isStopping,
    }
  }

  #tell(zk: ZooKeeper, observation: MemberObservation): void {
    if (zk === this.zk) this.parts.world.observe(observation)
  }

  #rest(): void {
    this.#hasRested = true
    const views = new Map<string, ReadonlyMap<string, string | undefined>>()
    let items: readonly string[] | undefined
    let config: string | undefined
    for (const rest of this.#jobs.map((job) => job.rest())) {
      if (rest.parent !== undefined) views.set(rest.parent, rest.values!)
      items ??= rest.items
      config ??= rest.config
    }
    this.parts.world.observe({ type: 'rested', client: this.host.name, views, items, config })
  }
}
