/**
 * Hands out instances of one service, as a strategy says, from a cache that follows who is there.
 *
 * While the connection to the ensemble is lost the instances last seen are handed out: most of them are likely to work
 * still, and those that do not are noticed by their errors.
 */
import type { CallOptions } from '@quorate/client/core'
import type { Cache } from '../cache/cache.ts'
import { RecipeError } from '../foundation/recipe-error.ts'
import type { BytesClient } from '../foundation/bytes-client.ts'
import { DownInstances, type DownPolicy } from './down-instances.ts'
import type { ServiceInstance } from './service-instance.ts'
import { type Strategy, type StrategyChoice, strategyOf } from './strategy.ts'

export interface ProviderOptions<P> {
  /** Default 'roundRobin'. */
  readonly strategy?: StrategyChoice<P>
  /** When instances that make errors are left out. */
  readonly down?: DownPolicy
  /** Which instances to use at all. */
  readonly filter?: (instance: ServiceInstance<P>) => boolean
}

export class ServiceProvider<P>
  implements AsyncIterable<readonly ServiceInstance<P>[]>, AsyncDisposable
{
  /** Of the service. */
  readonly name: string
  readonly #cache: Cache<ServiceInstance<P>>
  readonly #strategy: Strategy<P>
  readonly #down: DownInstances
  readonly #filter: (instance: ServiceInstance<P>) => boolean
  readonly #inFlightById = new Map<string, number>()

  constructor(
    name: string,
    zk: BytesClient,
    instances: Cache<ServiceInstance<P>>,
    options: ProviderOptions<P>,
  ) {
    this.name = name
    this.#cache = instances
    this.#strategy = strategyOf(options.strategy ?? 'roundRobin', zk.world.random)
    this.#down = new DownInstances(zk.world.clock, options.down ?? {})
    this.#filter = options.filter ?? (() => true)
  }

  /** Resolves when the instances are known, though there may be none. */
  async ready(options: CallOptions = {}): Promise<void> {
    await this.#cache.ready(options)
  }

  /** All instances that are registered, ordered by id. What is no instance is left out. */
  get instances(): readonly ServiceInstance<P>[] {
    return Array.from(this.#cache.nodes(), ({ value }) => value).toSorted(byId)
  }

  /** The next instance to use. @throws RecipeError NoInstance when there is none that may be used */
  next(): ServiceInstance<P> {
    const candidates = this.instances
      .filter((instance) => instance.enabled && this.#filter(instance))
      .filter(({ id }) => !this.#down.isDown(id))
      .map((instance) => ({ instance, inFlightCount: this.#inFlightById.get(instance.id) ?? 0 }))
    if (candidates.length === 0)
      throw new RecipeError('NoInstance', {
        path: this.#cache.path,
        message: `of the ${this.instances.length} instances of ${this.name} none may be used: they are not enabled, filtered out, or made errors.`,
      })
    return this.#strategy(candidates)
  }

  /** Does a job with the next instance. If it fails, that is noted as an error of the instance. */
  async using<T>(job: (instance: ServiceInstance<P>) => Promise<T> | T): Promise<T> {
    const instance = this.next()
    this.#count(instance.id, 1)
    try {
      return await job(instance)
    } catch (error) {
      this.noteError(instance)
      throw error
    } finally {
      this.#count(instance.id, -1)
    }
  }

  noteError({ id }: ServiceInstance<P>): void {
    this.#down.note(id)
  }

  /** The instances as they are, and again whenever that has changed; a slow reader gets the last state. */
  async *[Symbol.asyncIterator](): AsyncGenerator<
    readonly ServiceInstance<P>[],
    undefined,
    undefined
  > {
    await this.ready()
    const changes = this.#cache.changes()
    yield this.instances
    for await (const change of changes) if (change.path !== this.#cache.path) yield this.instances
    return undefined
  }

  async close(): Promise<void> {
    await this.#cache.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #count(id: string, by: 1 | -1): void {
    const count = (this.#inFlightById.get(id) ?? 0) + by
    if (count === 0) this.#inFlightById.delete(id)
    else this.#inFlightById.set(id, count)
  }
}

function byId(a: { readonly id: string }, b: { readonly id: string }): number {
  if (a.id === b.id) return 0
  return a.id < b.id ? -1 : 1
}
