/** Offers a service, and looks at who else does. */
import {
  type Registration,
  serviceDiscovery,
  type ServiceInstance,
  type ServiceProvider,
} from '@quorate/recipes'
import { type KeptNode, keepNode } from './kept-node-job.ts'
import { type JobParts, type MemberJob, memberRoot, type Rest } from './member-job.ts'

const basePath = `${memberRoot}/services`
const name = 'greeter'
export const servicePath: string = `${basePath}/${name}`

export class DiscoveryJob implements MemberJob {
  readonly #parts: JobParts
  readonly #provider: ServiceProvider<unknown>

  constructor(parts: JobParts) {
    const { client, zk } = parts
    this.#parts = parts
    const discovery = serviceDiscovery(zk, basePath)
    this.#provider = discovery.provider(name)
    keepNode(parts, {
      path: `${servicePath}/${client}`,
      isEphemeral: true,
      dataOf: (payload) => dataOf(instanceOf(client, payload)),
      open: async (payload, options) =>
        keptInstance(await discovery.register(instanceOf(client, payload), options)),
    })
    parts.follow(async () => {
      for await (const instances of this.#provider) this.#told(instances)
    })
  }

  rest(): Rest {
    return { parent: servicePath, values: byPath(this.#provider.instances) }
  }

  #told(instances: readonly ServiceInstance<unknown>[]): void {
    const { client, observe } = this.#parts
    const values = byPath(instances)
    observe({ type: 'looked', client, parent: servicePath, values, isAnswer: false })
  }
}

/** A registration, as a node that is kept. */
function keptInstance(registration: Registration<unknown>): KeptNode {
  return {
    ready: () => Promise.resolve(),
    set: (payload, options) => registration.update({ payload }, options),
    close: () => registration.close(),
  }
}

/** With everything that has a default, in the order of Curator's JSON. */
function instanceOf(id: string, payload: string): ServiceInstance<unknown> {
  return {
    name,
    id,
    address: '10.0.0.1',
    port: 80,
    sslPort: null,
    payload,
    registrationTimeUTC: 0,
    serviceType: 'DYNAMIC',
    uriSpec: null,
    enabled: true,
  }
}

function dataOf(instance: ServiceInstance<unknown>): string {
  return JSON.stringify(instance)
}

function byPath(instances: readonly ServiceInstance<unknown>[]): ReadonlyMap<string, string> {
  return new Map(instances.map((one) => [`${servicePath}/${one.id}`, dataOf(one)]))
}
