/** Servers of both kinds that have an address each in two networks: either network is enough. */
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { CreateMode, createRequest, OpCode, openAcl } from '@quorate/protocol'
import { Ensemble } from '../harness/ensemble.ts'
import type { KindName } from '../harness/ensemble-member.ts'
import { eventually } from '../harness/eventually.ts'
import { LoopbackNetworks } from '../harness/loopback-networks.ts'
import { RawSession } from '../harness/raw-session.ts'
import { assertEqualTrees } from './equal-trees.ts'
import { mixedOptions } from './mixed-options.ts'

/** The last leads. */
const mixes: readonly (readonly KindName[])[] = [
  ['apache', 'apache', 'quorate'],
  ['quorate', 'quorate', 'apache'],
]
const networkNumbers = [1, 2]
const timeout = 240_000
const recoveryTimeoutMs = 90_000
const writeTimeoutMs = 5_000

/** Whether a write through this port is answered soon. */
async function canWrite(port: number, path: string): Promise<boolean> {
  const abort = new AbortController()
  const late = new Promise<boolean>((resolve) => {
    const timer = setTimeout(() => resolve(false), writeTimeoutMs)
    abort.signal.addEventListener('abort', () => clearTimeout(timer))
  })
  const written = writeOnce(port, path).catch(() => false)
  const isWritten = await Promise.race([written, late])
  abort.abort()
  return isWritten
}

async function writeOnce(port: number, path: string): Promise<boolean> {
  const session = await RawSession.open(port)
  const flags = CreateMode.persistent
  const { err } = await session.call(OpCode.create, createRequest, {
    path,
    data: null,
    acl: openAcl,
    flags,
  })
  await session.close()
  return err === 0
}

async function isListening(host: string, port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect({ host, port })
    socket.once('error', () => resolve(false))
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
  })
}

for (const voters of mixes)
  describe(`${voters.join(', ')} with two addresses each, the last leading`, () => {
    let networks: LoopbackNetworks
    let ensemble: Ensemble
    before(async () => {
      networks = await LoopbackNetworks.create(networkNumbers.length)
      const peerHosts = (id: number): readonly string[] =>
        networkNumbers.map((network) => networks.address(network, id))
      // Apache 3.8.0 looks for it in both places: here for its server lines, there for all else.
      const properties = { 'zookeeper.multiAddress.enabled': 'true' }
      const configuration = ['multiAddress.enabled=true']
      const options = mixedOptions({ voters, configuration, properties, peerHosts })
      ensemble = await Ensemble.start(options)
    })
    after(async () => {
      networks.dispose()
      await ensemble.dispose()
    })

    /** Every member serves, and writes through all of them are everywhere. */
    async function assertWorks(round: string): Promise<void> {
      for (const { id, port, name } of ensemble.members) {
        let attempt = 0
        const what = `a write through ${name}, ${round}`
        const explain = (): string => ensemble.member(id).log().split('\n').slice(-20).join('\n')
        await eventually({ what, timeoutMs: recoveryTimeoutMs, explain }, async () => {
          const path = `/${round}-${id}-${++attempt}`
          return (await canWrite(port, path)) || undefined
        })
      }
      await ensemble.awaitServing()
      await assertEqualTrees(ensemble)
    }

    test('everybody listens for elections at both addresses', { timeout }, async () => {
      for (const { id, settings } of ensemble.members)
        for (const network of networkNumbers)
          assert.ok(await isListening(networks.address(network, id), settings.electionPort))
    })

    test('the ensemble goes on when either network is cut', { timeout }, async () => {
      await assertWorks('whole')
      for (const network of networkNumbers) {
        await networks.cut(network)
        await assertWorks(`without-${network}`)
        await networks.heal()
        await assertWorks(`with-${network}-again`)
      }
    })

    test('a leader is elected over the network that is left', { timeout }, async () => {
      await networks.cut(1)
      const leader = await ensemble.awaitLeader()
      await leader.kill()
      const next = await ensemble.awaitLeader()
      assert.notEqual(next, leader)
      await leader.start()
      await ensemble.awaitServing()
      await assertWorks('elected')
      await networks.heal()
    })
  })
