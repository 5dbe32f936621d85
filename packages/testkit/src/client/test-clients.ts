/** The clients of one server or ensemble under test: they are connected when they are handed out, and closed with it. */
import {
  type CodecChoice,
  type StateChange,
  type World,
  ZooKeeper,
  type ZooKeeperOptions,
} from '@quorate/client/core'
import { CuttableTransport } from './cuttable-transport.ts'

/** A client of any codec. */
export type AnyZooKeeper = Pick<ZooKeeper, 'sessionId' | 'close'>

export interface IsolateOptions {
  /** Nobody is told that the connection is gone: nothing arrives any more. Default: it breaks. */
  readonly isSilent?: boolean
}

/** How long clients may take to close before the server goes from under them. */
const closeMs = 1_000

export class TestClients {
  readonly #world: World
  readonly #transportByClient = new Map<AnyZooKeeper, CuttableTransport>()

  constructor(world: World) {
    this.#world = world
  }

  /** @throws ZooKeeperError as its calls would, when there is no server to connect to */
  async connect<C extends CodecChoice>(
    connectString: string,
    options: ZooKeeperOptions<C>,
  ): Promise<ZooKeeper<C>> {
    const transport = new CuttableTransport(this.#world.transport)
    const client = new ZooKeeper<C>(connectString, options, { ...this.#world, transport })
    this.#transportByClient.set(client, transport)
    client.on('state', ({ state }: StateChange) => {
      if (state === 'closed') this.#forget(client)
    })
    // Any call connects, waits for the session, and fails when there will be none.
    await client.exists('/')
    return client
  }

  /**
   * @param client undefined: all
   * @throws Error for a client that is not of this kit
   */
  cut(client?: AnyZooKeeper): void {
    if (client !== undefined) this.#transportOf(client).cut()
    else for (const transport of this.#transportByClient.values()) transport.cut()
  }

  /** @throws Error for a client that is not of this kit */
  isolate(client: AnyZooKeeper, { isSilent = false }: IsolateOptions): void {
    this.#transportOf(client).isolate(isSilent ? 'silent' : 'broken')
  }

  heal(): void {
    for (const transport of this.#transportByClient.values()) transport.heal()
  }

  /** Resolves when all are closed, or have had a second for it. */
  async closeAll(): Promise<void> {
    const closing = Promise.all([...this.#transportByClient.keys()].map((client) => client.close()))
    let timer: NodeJS.Timeout | undefined
    const overdue = new Promise<void>((resolve) => (timer = setTimeout(resolve, closeMs)))
    await Promise.race([closing, overdue])
    clearTimeout(timer)
  }

  #transportOf(client: AnyZooKeeper): CuttableTransport {
    const transport = this.#transportByClient.get(client)
    if (transport !== undefined) return transport
    throw new Error(
      'this client cannot be cut off: it is closed, or was not made by client() of the server or ensemble that is asked',
    )
  }

  #forget(client: AnyZooKeeper): void {
    this.#transportByClient.delete(client)
  }
}
