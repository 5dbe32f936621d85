/**
 * What a worker is in as long as its client lives, rest or not: a group, a party, a service, those who share items and those who give
 * signs of life; and what it follows.
 */
import type { ZooKeeper } from '@quorate/client'
import {
  cache,
  type Cache,
  config,
  type Config,
  groupMember,
  type GroupMember,
  party,
  type Party,
  persistentNode,
  type PersistentNode,
  persistentTtlNode,
  type PersistentTtlNode,
  serviceDiscovery,
  type ServiceInstance,
  type ServiceProvider,
  sharedCount,
  type SharedValue,
} from '@quorate/recipes'
import { paths, type Report, ttlMs } from '../words.ts'
import type { Setting } from './numbers.ts'
import { Shares } from './shares.ts'
import { SignsOfLife } from './signs-of-life.ts'
import { attempt, repeat, type Workplace } from './workplace.ts'

const serviceName = 'web'
const reportMostMs = 5_000

export class Presence implements AsyncDisposable {
  readonly config: Config<Setting>
  readonly #place: Workplace
  readonly #zk: ZooKeeper
  readonly #member: GroupMember<string>
  readonly #party: Party
  readonly #node: PersistentNode<string>
  readonly #ttlNode: PersistentTtlNode<string>
  readonly #instances: ServiceProvider<unknown>
  readonly #signs: SignsOfLife
  readonly #shares: Shares
  readonly #copy: Cache<string>
  readonly #shared: SharedValue<number>
  readonly #joining: Promise<void>
  readonly #following: Promise<unknown>

  constructor(place: Workplace) {
    const { zk, name } = place
    this.#place = place
    this.#zk = zk
    this.config = config(zk, paths.config, { schema: settingSchema, default: noSetting })
    this.#member = groupMember(zk, paths.group, { id: name, value: `says ${name}` })
    this.#party = party(zk, paths.party)
    this.#node = persistentNode(zk, `${paths.nodes}/${name}`, name)
    this.#ttlNode = persistentTtlNode(zk, `${paths.ttl}/${name}`, name, { ttlMs })
    this.#signs = new SignsOfLife(place)
    this.#shares = new Shares(place)
    this.#copy = cache(zk, paths.shared)
    this.#shared = sharedCount(zk, paths.sharedCount)
    const discovery = serviceDiscovery(zk, paths.services)
    this.#instances = discovery.provider(serviceName)
    this.#joining = attempt(place, 'join', async () => {
      const port = 1 + place.random.below(60_000)
      await discovery.register({ name: serviceName, id: name, address: '127.0.0.1', port })
      await this.#party.join(name)
      await this.#member.ready()
      await this.#node.ready()
      await this.#ttlNode.ready()
      await this.#signs.ready()
    })
    this.#following = Promise.all([
      attempt(place, 'follow', () => this.#followGroup()),
      attempt(place, 'follow', () => this.#followInstances()),
    ])
  }

  /** Says what the copy holds, whenever it is exact. */
  copy(): Promise<void> {
    return repeat(this.#place, 'copy', 800, () => this.sayCopy())
  }

  async sayCopy(): Promise<void> {
    const copy = this.#copy
    await copy.sync({ deadlineMs: reportMostMs })
    if (!copy.isExact) return
    const values = Array.from(copy.nodes(), ({ path, value }) => [path, value] as const)
    this.#place.say({ type: 'copied', zxid: copy.zxid, values })
  }

  async #followGroup(): Promise<void> {
    const path = paths.group
    for await (const members of this.#member)
      this.#sayLooked(
        path,
        Array.from(members, ([id, value]) => [`${path}/${id}`, value] as const),
      )
  }

  async #followInstances(): Promise<void> {
    const path = `${paths.services}/${serviceName}`
    for await (const instances of this.#instances)
      this.#sayLooked(
        path,
        instances.map((one) => [`${path}/${one.id}`, dataOf(one)]),
      )
  }

  #sayLooked(parent: string, values: readonly (readonly [string, string])[]): void {
    this.#place.say({ type: 'looked', parent, values })
  }

  async report(): Promise<Report> {
    const limit = { deadlineMs: reportMostMs }
    await this.#joining
    await this.#instances.ready(limit)
    await this.#shared.ready(limit)
    return {
      group: [...(await this.#member.sync(limit)).keys()].toSorted(),
      party: (await this.#party.sync(limit)).toSorted(),
      nodes: (await this.#zk.children(paths.nodes, limit)).toSorted(),
      instances: this.#instances.instances.map(({ id }) => id),
      ttlNodes: (await this.#zk.children(paths.ttl, limit)).toSorted(),
      alive: this.#signs.alive,
      configCount: this.config.value.count,
      sharedCount: this.#shared.value,
      items: this.#shares.items,
    }
  }

  /** Leaves all of it. */
  async [Symbol.asyncDispose](): Promise<void> {
    const all = [this.#member, this.#party, this.#node, this.#ttlNode]
    const followed = [this.#instances, this.#copy, this.config, this.#shared]
    await Promise.all([...all, ...followed].map((each) => each.close()))
    await this.#signs[Symbol.asyncDispose]()
    await this.#shares[Symbol.asyncDispose]()
    await this.#joining
    await this.#following
  }
}

/** What the recipe writes for it. */
function dataOf(instance: ServiceInstance<unknown>): string {
  return JSON.stringify(instance)
}

const noSetting: Setting = { count: 0, by: 'nobody' }

const settingSchema = {
  parse(value: unknown): Setting {
    const { count, by } = value as Partial<Setting>
    if (typeof count !== 'number' || typeof by !== 'string') throw new Error('it is no setting')
    return { count, by }
  },
}
