/**
 * Services and where they are (Curator's x-discovery, in its layout): who offers a service registers an instance, which is
 * there as long as its session; who needs one asks a provider.
 */
import { type CallOptions, childPath, type Schema, type ValueCodec } from '@quorate/client/core'
import { cache } from '../cache/cache.ts'
import { type AnyZooKeeper, type BytesClient, bytesClient } from '../foundation/bytes-client.ts'
import { codeOf } from '../foundation/outcome.ts'
import { randomUuid } from '../foundation/uuid.ts'
import { PersistentNode } from '../node/persistent-node.ts'
import {
  instanceCodec,
  parseUriSpec,
  type ServiceInstance,
  type UriSpec,
} from './service-instance.ts'
import { type ProviderOptions, ServiceProvider } from './service-provider.ts'

export interface DiscoveryOptions<P> {
  /** What payloads are checked by. Default: any JSON. */
  readonly payload?: Schema<P>
}

/** What there is to say of an instance when it is registered; the rest has defaults. */
export type NewInstance<P> = Partial<Omit<ServiceInstance<P>, 'uriSpec' | 'serviceType'>> &
  Pick<ServiceInstance<P>, 'name'> & {
    /** `{scheme}://{address}:{port}` or its parts. */
    readonly uriSpec?: string | UriSpec | null
  }

const anyJson: Schema<unknown> = { parse: (value) => value }

/** @param basePath the node above all services */
export function serviceDiscovery<P = unknown>(
  zk: AnyZooKeeper,
  basePath: string,
  { payload }: DiscoveryOptions<P> = {},
): ServiceDiscovery<P> {
  const client = bytesClient(zk)
  const codec = instanceCodec(payload ?? (anyJson as Schema<P>), client.world.platform)
  return new ServiceDiscovery(client, basePath, codec)
}

export class ServiceDiscovery<P> {
  readonly basePath: string
  readonly #zk: BytesClient
  readonly #codec: ValueCodec<ServiceInstance<P>>

  constructor(zk: BytesClient, basePath: string, codec: ValueCodec<ServiceInstance<P>>) {
    this.basePath = basePath
    this.#zk = zk
    this.#codec = codec
  }

  /**
   * Registers an instance until it is closed, over lost sessions too if the client renews them. Resolves when others can
   * find it. With a deadline or a signal that ends the wait it is not registered, or unregistered again.
   * @throws ZooKeeperError InvalidValue for a payload that does not fit; TypeError for a `uriSpec` whose braces do not match
   */
  async register(instance: NewInstance<P>, options: CallOptions = {}): Promise<Registration<P>> {
    const complete = this.#complete(instance)
    const path = childPath(childPath(this.basePath, complete.name), complete.id)
    const node = new PersistentNode(this.#zk, path, complete, {
      codec: this.#codec,
      mode: { ephemeral: true },
    })
    try {
      await node.ready(options)
    } catch (error) {
      // Nobody waits for this: without a connection it goes on until the session is over.
      node.close().catch(() => {})
      throw error
    }
    return new Registration(complete, node)
  }

  /** The names of all services that have, or had until a moment ago, an instance. */
  async services(options: CallOptions = {}): Promise<readonly string[]> {
    try {
      return await this.#zk.children(this.basePath, options)
    } catch (error) {
      if (codeOf(error) === 'NoNode') return []
      throw error
    }
  }

  /** Follows the instances of a service, and hands them out. */
  provider(name: string, options: ProviderOptions<P> = {}): ServiceProvider<P> {
    const path = childPath(this.basePath, name)
    const instances = cache(this.#zk, path, { scope: 'children', codec: this.#codec })
    return new ServiceProvider(name, this.#zk, instances, options)
  }

  #complete({ uriSpec, ...instance }: NewInstance<P>): ServiceInstance<P> {
    return {
      id: randomUuid(this.#zk.world.random),
      address: null,
      port: null,
      sslPort: null,
      payload: null as P,
      registrationTimeUTC: 0,
      serviceType: 'DYNAMIC',
      uriSpec: typeof uriSpec === 'string' ? parseUriSpec(uriSpec) : (uriSpec ?? null),
      enabled: true,
      ...instance,
    }
  }
}

/** An instance of this process. */
export class Registration<P> implements AsyncDisposable {
  readonly #node: PersistentNode<ServiceInstance<P>>
  #instance: ServiceInstance<P>

  constructor(instance: ServiceInstance<P>, node: PersistentNode<ServiceInstance<P>>) {
    this.#instance = instance
    this.#node = node
  }

  get instance(): ServiceInstance<P> {
    return this.#instance
  }

  /** Whether others can find it, by all that is known. */
  get isThere(): boolean {
    return this.#node.isThere
  }

  /** Says something else of the instance, that it is not enabled for example. */
  async update(
    change: Partial<
      Pick<ServiceInstance<P>, 'payload' | 'enabled' | 'address' | 'port' | 'sslPort'>
    >,
    options: CallOptions = {},
  ): Promise<void> {
    const instance = { ...this.#instance, ...change }
    await this.#node.set(instance, options)
    this.#instance = instance
  }

  /** Unregisters the instance. */
  async close(): Promise<void> {
    await this.#node.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
