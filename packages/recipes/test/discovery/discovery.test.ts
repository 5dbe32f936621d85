import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  type Candidate,
  parseUriSpec,
  serviceDiscovery,
  type ServiceInstance,
  type ServiceProvider,
  type StrategyChoice,
  uriOf,
} from '../../src/index.ts'
import { other, path as base, server, zk, useTwoClients } from '../support/two-clients.ts'

const limits = { timeout: 20_000 }

useTwoClients('/services')

/** A provider that knows `amount` instances, whose ids are a, b, c… */
async function provided(
  amount: number,
  strategy: StrategyChoice<unknown>,
): Promise<ServiceProvider<unknown>> {
  const mine = serviceDiscovery(zk, base)
  for (let i = 0; i < amount; i++) await mine.register({ name: 'api', id: 'abcdef'[i] })
  const provider = serviceDiscovery(other, base).provider('api', { strategy, down: { forMs: 50 } })
  await untilKnown(provider, amount)
  return provider
}

async function untilKnown(provider: ServiceProvider<unknown>, amount: number): Promise<void> {
  for await (const instances of provider) if (instances.length === amount) return
}

function ids(provider: ServiceProvider<unknown>, amount: number): string {
  return Array.from({ length: amount }, () => provider.next().id).join('')
}

function lastOf(candidates: readonly Candidate<unknown>[]): ServiceInstance<unknown> {
  return candidates.at(-1)!.instance
}

function failingAtA({ id }: ServiceInstance<unknown>): string {
  if (id === 'a') throw new Error('refused')
  return id
}

describe('a registered instance', () => {
  it("is kept as Curator's x-discovery keeps it", limits, async () => {
    const discovery = serviceDiscovery(zk, base)
    await using registered = await discovery.register({
      name: 'api',
      id: 'a',
      address: '10.0.0.1',
      port: 8080,
      payload: { zone: 'x' },
      registrationTimeUTC: 1_700_000_000_000,
      uriSpec: '{scheme}://{address}:{port}/',
    })
    assert.deepEqual(JSON.parse(await zk.get(`${base}/api/a`)), {
      name: 'api',
      id: 'a',
      address: '10.0.0.1',
      port: 8080,
      sslPort: null,
      payload: { zone: 'x' },
      registrationTimeUTC: 1_700_000_000_000,
      serviceType: 'DYNAMIC',
      uriSpec: {
        parts: [
          { value: 'scheme', variable: true },
          { value: '://', variable: false },
          { value: 'address', variable: true },
          { value: ':', variable: false },
          { value: 'port', variable: true },
          { value: '/', variable: false },
        ],
      },
      enabled: true,
    })
    assert.equal((await zk.exists(`${base}/api/a`))!.ephemeralOwner, zk.sessionId)
    assert.equal(uriOf(registered.instance), 'http://10.0.0.1:8080/')
    assert.deepEqual(await discovery.services(), ['api'])
  })

  it('is found by others, with its payload checked', limits, async () => {
    const payload = {
      parse(value: unknown): { zone: string } {
        const { zone } = value as { zone: unknown }
        if (typeof zone !== 'string') throw new TypeError('no zone')
        return { zone }
      },
    }
    const discovery = serviceDiscovery(zk, base, { payload })
    const registered = await discovery.register({ name: 'api', payload: { zone: 'x' } })
    await zk.create(`${base}/api/broken`, '{"name":"api"')
    await zk.create(`${base}/api/other`, '{"name":"api","id":"other","payload":{"zone":1}}')
    await using provider = serviceDiscovery(other, base, { payload }).provider('api')
    await provider.ready()
    assert.deepEqual(
      provider.instances.map((instance) => instance.payload.zone),
      ['x'],
    )
    await registered.update({ enabled: false })
    for await (const [instance] of provider) if (!(instance?.enabled ?? true)) break
    assert.throws(() => provider.next(), { code: 'NoInstance', message: /of the 1 instances/ })
    await registered.close()
    await untilKnown(provider as ServiceProvider<unknown>, 0)
  })

  it('that does not fit is not registered', limits, async () => {
    const payload = {
      parse(): string {
        throw new TypeError('never')
      },
    }
    const discovery = serviceDiscovery(zk, base, { payload })
    await assert.rejects(discovery.register({ name: 'api', payload: 'x' }), {
      code: 'InvalidValue',
    })
  })

  it('is gone when its session is', limits, async () => {
    const lost = await server.client()
    const registered = await serviceDiscovery(lost, base).register({ name: 'api', id: 'a' })
    await using provider = serviceDiscovery(other, base).provider('api')
    await untilKnown(provider, 1)
    await server.expire(lost)
    await untilKnown(provider, 0)
    await registered.close()
  })

  it("of Curator's is understood, its older form too", limits, async () => {
    const text =
      '{"name":"api","id":"a","address":"h","port":1,"sslPort":2,"payload":{"@class":"com.example.Details","x":1},"registrationTimeUTC":5,"serviceType":"STATIC","uriSpec":{"parts":[{"value":"scheme","variable":true}]}}'
    for (const path of [base, `${base}/api`]) await zk.create(path)
    await zk.create(`${base}/api/a`, text)
    await using provider = serviceDiscovery(other, base).provider('api')
    await provider.ready()
    const instance = provider.next()
    assert.equal(instance.enabled, true)
    assert.equal(instance.serviceType, 'STATIC')
    assert.equal(uriOf(instance), 'https')
  })
})

describe('a provider', () => {
  it('hands instances out one after the other', limits, async () => {
    await using provider = await provided(3, 'roundRobin')
    assert.equal(ids(provider, 7), 'abcabca')
  })

  it('hands out any of them', limits, async () => {
    await using provider = await provided(3, 'random')
    assert.equal(new Set(ids(provider, 200)).size, 3)
  })

  it('keeps to one as long as it is there', limits, async () => {
    await using provider = await provided(3, 'sticky')
    const first = provider.next()
    assert.equal(ids(provider, 20), first.id.repeat(20))
    await zk.delete(`${base}/api/${first.id}`)
    provider.noteError(first)
    provider.noteError(first)
    assert.notEqual(provider.next().id, first.id)
  })

  it('spares those that are busy', limits, async () => {
    await using provider = await provided(2, 'leastUsed')
    const release = Promise.withResolvers<void>()
    const used: string[] = []
    const busy = provider.using(async ({ id }) => {
      used.push(id)
      await release.promise
    })
    for (let i = 0; i < 3; i++) await provider.using(({ id }) => used.push(id))
    release.resolve()
    await busy
    assert.deepEqual(used, ['a', 'b', 'b', 'b'])
  })

  it('asks a strategy of the application', limits, async () => {
    await using provider = await provided(3, lastOf)
    assert.equal(ids(provider, 2), 'cc')
  })

  it('leaves out for a time what makes errors', limits, async () => {
    await using provider = await provided(2, 'roundRobin')
    for (let i = 0; i < 4; i++) await provider.using(failingAtA).catch(() => {})
    assert.equal(ids(provider, 3), 'bbb')
    while (provider.next().id === 'b') await new Promise((resolve) => setImmediate(resolve))
  })

  it('goes on with what it saw last while its connection is lost', limits, async () => {
    await using provider = await provided(2, 'roundRobin')
    server.cutConnections(other)
    assert.equal(ids(provider, 2), 'ab')
    assert.equal((await other.exists('/'))?.version, 0)
  })
})

describe('a uriSpec', () => {
  it('is parsed as Curator does', () => {
    assert.deepEqual(parseUriSpec('a{ b }c').parts, [
      { value: 'a', variable: false },
      { value: 'b', variable: true },
      { value: 'c', variable: false },
    ])
    for (const text of ['a{b', 'a}b', '{a{b}}']) assert.throws(() => parseUriSpec(text), TypeError)
  })
})
