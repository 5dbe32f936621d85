/** Every call settles by its deadline or its signal, whatever the session is at. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ZooKeeper, type ZooKeeperError } from '../src/index.ts'
import { FakeWorld } from './support/fake-world.ts'

const timeout = 30_000
const lateMsMax = 50

/** What brings a client to each state. */
const states: Readonly<Record<string, (zk: ZooKeeper, world: FakeWorld) => Promise<void>>> = {
  'without a connection': () => Promise.resolve(),
  'while it dials': (zk) => Promise.resolve(zk.connect()),
  'while a server says nothing': async (zk, world) => {
    zk.connect()
    world.lastLink.open()
    await world.settle()
  },
  'between two dials': async (zk, world) => {
    zk.connect()
    world.lastLink.break(new Error('refused'))
    await world.settle()
  },
  'on a connection that is silent': async (zk, world) => {
    zk.connect()
    world.lastLink.accept()
    await world.settle()
  },
  'while it reconnects': async (zk, world) => {
    zk.connect()
    world.lastLink.accept()
    world.lastLink.break()
    await world.advance(100)
  },
  'while a lost session is replaced': async (zk, world) => {
    zk.connect()
    world.lastLink.accept()
    world.lastLink.break()
    await world.advance(100)
    world.lastLink.accept({ id: 0n, timeOut: 0 })
    await world.settle()
  },
}

interface Outcome {
  code?: string
  atMs?: number
}

function outcomeOf(call: Promise<unknown>, world: FakeWorld): Outcome {
  const outcome: Outcome = {}
  call.catch((error: ZooKeeperError) => {
    outcome.code = error.code
    outcome.atMs = world.clock.nowMs()
  })
  return outcome
}

for (const [state, arrive] of Object.entries(states))
  describe(`a call ${state}`, () => {
    const calls: Readonly<
      Record<
        string,
        (zk: ZooKeeper, limit: { deadlineMs?: number; signal?: AbortSignal }) => Promise<unknown>
      >
    > = {
      get: (zk, limit) => zk.get('/a', limit),
      set: (zk, limit) => zk.set('/a', 'x', limit),
      transaction: (zk, limit) => zk.transaction().delete('/a').commit(limit),
      addAuth: (zk, limit) => zk.addAuth('digest', 'bob:secret', limit),
      subtree: (zk, limit) => zk.subtree('/a', limit),
      create: (zk, limit) => zk.create('/a', 'x', limit),
      'create in steps': (zk, limit) =>
        zk.create('/a/b', 'x', { createParents: true, protected: true, ...limit }),
      update: (zk, limit) => zk.update('/a', (value) => value, { create: true, ...limit }),
      delete: (zk, limit) => zk.delete('/a', limit),
      'recursive delete': (zk, limit) => zk.delete('/a', { recursive: true, ...limit }),
      exists: (zk, limit) => zk.exists('/a', limit),
      'linearizable get': (zk, limit) => zk.get('/a', { read: 'linearizable', ...limit }),
      children: (zk, limit) => zk.children('/a', limit),
      childrenWithValues: (zk, limit) => zk.childrenWithValues('/a', limit),
      multiRead: (zk, limit) => zk.multiRead([{ get: '/a' }], limit),
      getAndWatch: (zk, limit) => zk.getAndWatch('/a', limit),
      addWatch: (zk, limit) => zk.addWatch('/a', limit),
      removeWatches: (zk, limit) => zk.removeWatches('/a', limit),
      sync: (zk, limit) => zk.sync('/a', limit),
      getAcl: (zk, limit) => zk.getAcl('/a', limit),
      getConfig: (zk, limit) => zk.getConfig(limit),
      reconfig: (zk, limit) => zk.reconfig({ leaving: '1', ...limit }),
      whoAmI: (zk, limit) => zk.whoAmI(limit),
      ephemerals: (zk, limit) => zk.ephemerals('/', limit),
      'get of a view': (zk, limit) => zk.chroot('/v').get('/a', limit),
      close: (zk, limit) => zk.close(limit).then(() => Promise.reject({ code: 'closed' })),
    }

    for (const [name, call] of Object.entries(calls)) {
      it(`settles at its deadline (${name})`, async () => {
        const world = new FakeWorld()
        const zk = new ZooKeeper('a,b', { timeout, onExpired: 'renew' }, world)
        await arrive(zk, world)
        const dueAtMs = world.clock.nowMs() + 2_000
        const outcome = outcomeOf(call(zk, { deadlineMs: 2_000 }), world)
        await world.advance(2_000 + lateMsMax)
        assert.equal(outcome.code, name === 'close' ? 'closed' : 'OperationTimeout')
        assert.ok(outcome.atMs! <= dueAtMs + lateMsMax)
      })

      it(`settles when it is aborted (${name})`, async () => {
        const world = new FakeWorld()
        const zk = new ZooKeeper('a,b', { timeout, onExpired: 'renew' }, world)
        await arrive(zk, world)
        const controller = new AbortController()
        const outcome = outcomeOf(call(zk, { signal: controller.signal }), world)
        await world.advance(100)
        controller.abort()
        await world.settle()
        assert.equal(outcome.code, name === 'close' ? 'closed' : 'Aborted')
      })
    }
  })

it('a call that is made while the client closes is refused at once, and those before it keep their deadlines', async () => {
  const world = new FakeWorld()
  const zk = new ZooKeeper('a', { timeout }, world)
  zk.connect()
  world.lastLink.accept()
  const set = outcomeOf(zk.set('/a', 'x', { deadlineMs: 500 }), world)
  const closed = zk.close()
  const late = outcomeOf(zk.get('/a', { deadlineMs: 500 }), world)
  await world.settle()
  assert.equal(late.code, 'Closed')
  await world.advance(500)
  assert.equal(set.code, 'OperationTimeout')
  await world.advance(timeout)
  await closed
  assert.equal(zk.state, 'closed')
})

it('a call without a deadline settles when the session is over, though no server ever answers', async () => {
  const world = new FakeWorld()
  const zk = new ZooKeeper('a', { timeout }, world)
  const first = outcomeOf(zk.get('/a'), world)
  await world.advance((timeout * 4) / 3 + 1)
  assert.equal(first.code, 'ConnectionLoss')
})
