/** The clients of one server or ensemble under test: they are connected when they are handed out, and closed with it. */
import {
  type CodecChoice,
  type StateChange,
  type World,
  ZooKeeper,
  type ZooKeeperOptions,
} from '@quorate/client/core'
import { TestWorld } from './test-world.ts'

/** A client of any codec. */
export type AnyZooKeeper = Pick<ZooKeeper, 'sessionId' | 'close'>

export interface IsolateOptions {
  /**
   * Nothing comes through, and nobody is told, as when a cable is pulled; what was sent arrives when it is put back. Default: the
   * connection breaks.
   */
  readonly isSilent?: boolean
}

/** How long clients may take to close before the server goes from under them. */
const closeMs = 1_000

export class TestClients {
  readonly #world: World
  readonly #worldByClient = new Map<AnyZooKeeper, TestWorld>()
  #silentPorts: ReadonlySet<number> = new Set()

  constructor(world: World) {
    this.#world = world
  }

  /** @throws ZooKeeperError as its calls would, when there is no server to connect to */
  async connect<C extends CodecChoice>(
    connectString: string,
    options: ZooKeeperOptions<C>,
  ): Promise<ZooKeeper<C>> {
    const world = new TestWorld(this.#world)
    const client = new ZooKeeper<C>(connectString, options, world)
    this.#worldByClient.set(client, world)
    this.#silence(world)
    client.on('state', ({ state }: StateChange) => {
      if (state === 'closed') this.#forget(client)
    })
    try {
      // Any call connects, waits for the session, and fails when there will be none.
      await client.exists('/')
      return client
    } catch (error) {
      await client.close()
      throw error
    }
  }

  /**
   * @param client undefined: all
   * @throws Error for a client that is not of this kit
   */
  cut(client?: AnyZooKeeper): void {
    if (client !== undefined) this.#worldOf(client).network.cut()
    else for (const { network } of this.#worldByClient.values()) network.cut()
  }

  /** @throws Error for a client that is not of this kit */
  isolate(client: AnyZooKeeper, { isSilent = false }: IsolateOptions): void {
    const { network } = this.#worldOf(client)
    if (isSilent) network.silence(() => true)
    else network.cutOff()
  }

  /** Nothing comes through between clients and servers at these ports. */
  silence(ports: ReadonlySet<number>): void {
    this.#silentPorts = ports
    for (const world of this.#worldByClient.values()) this.#silence(world)
  }

  heal(): void {
    this.#silentPorts = new Set()
    for (const { network } of this.#worldByClient.values()) network.heal()
  }

  /** @throws Error for a client that is not of this kit */
  pause(client: AnyZooKeeper): void {
    this.#worldOf(client).pause()
  }

  /** @throws Error for a client that is not of this kit */
  resume(client: AnyZooKeeper): void {
    this.#worldOf(client).resume()
  }

  /** Resolves when all are closed, or have had a second for it. */
  async closeAll(): Promise<void> {
    this.heal()
    for (const world of this.#worldByClient.values()) world.resume()
    const closing = Promise.all([...this.#worldByClient.keys()].map((client) => client.close()))
    let timer: NodeJS.Timeout | undefined
    const overdue = new Promise<void>((resolve) => (timer = setTimeout(resolve, closeMs)))
    await Promise.race([closing, overdue])
    clearTimeout(timer)
  }

  #silence({ network }: TestWorld): void {
    if (this.#silentPorts.size > 0) network.silence(({ port }) => this.#silentPorts.has(port))
  }

  #worldOf(client: AnyZooKeeper): TestWorld {
    const world = this.#worldByClient.get(client)
    if (world !== undefined) return world
    throw new Error(
      'nothing can be done to this client: it is closed, or was not made by client() of the server or ensemble that is asked',
    )
  }

  #forget(client: AnyZooKeeper): void {
    this.#worldByClient.delete(client)
  }
}
