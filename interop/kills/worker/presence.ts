/** What a worker is in as long as its client lives, rest or not: a group, a party, a service; and what it follows. */
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
  serviceDiscovery,
  type ServiceProvider,
  sharedCount,
  type SharedValue,
} from '@quorate/recipes'
import { paths, type Report } from '../words.ts'
import type { Setting } from './numbers.ts'
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
  readonly #instances: ServiceProvider<unknown>
  readonly #copy: Cache<string>
  readonly #shared: SharedValue<number>
  readonly #joining: Promise<void>

  constructor(place: Workplace) {
    const { zk, name } = place
    this.#place = place
    this.#zk = zk
    this.config = config(zk, paths.config, { schema: settingSchema, default: noSetting })
    this.#member = groupMember(zk, paths.group, { id: name, value: `says ${name}` })
    this.#party = party(zk, paths.party)
    this.#node = persistentNode(zk, `${paths.nodes}/${name}`, name)
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
    })
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
      configCount: this.config.value.count,
      sharedCount: this.#shared.value,
    }
  }

  /** Leaves all of it. */
  async [Symbol.asyncDispose](): Promise<void> {
    const all = [this.#member, this.#party, this.#node, this.#instances, this.#copy, this.config]
    await Promise.all(all.map((each) => each.close()))
    await this.#shared.close()
    await this.#joining
  }
}

const noSetting: Setting = { count: 0, by: 'nobody' }

const settingSchema = {
  parse(value: unknown): Setting {
    const { count, by } = value as Partial<Setting>
    if (typeof count !== 'number' || typeof by !== 'string') throw new Error('it is no setting')
    return { count, by }
  },
}
