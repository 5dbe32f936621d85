import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ClientProcess } from '../../src/client/client-process.ts'
import { processFaults } from '../../src/faults/process-faults.ts'
import { Host } from '../../src/host.ts'
import { Network } from '../../src/network/network.ts'
import { TestWorld } from '../test-world.ts'

test('a client that vanishes once more before it is back comes back once', () => {
  const world = new TestWorld(1)
  const network = new Network(world)
  const host = new Host('client', world.scheduler)
  let starts = 0
  const client: ClientProcess = {
    host,
    isResting: false,
    isIdle: true,
    start() {
      host.powerOn()
      starts++
    },
    stop() {},
    // Its machine stays up and only the process is gone.
    kill() {
      host.endProcess(false)
    },
  }
  client.start()
  const vanish = processFaults.find(({ name }) => name === 'client.vanish')!
  const targets = { world, network, servers: [], ensemble: undefined, clients: [client] }
  vanish.begin(targets, world.random)
  vanish.begin(targets, world.random)
  while (world.scheduler.runNext());
  assert.equal(starts, 2)
})
