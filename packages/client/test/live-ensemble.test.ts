/** How a client moves between the members of a real ensemble in this process. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { startEnsemble } from '@quorate/testkit'
import { ZooKeeper as PlainZooKeeper } from '../src/index.ts'
import { nodeWorld, type StateChange, ZooKeeper } from '../src/node/index.ts'

const timeout = 60_000

/** The next change of state that is like this. */
function state(zk: ZooKeeper, isLike: (change: StateChange) => boolean): Promise<StateChange> {
  return new Promise((resolve) => {
    const stop = zk.on('state', (change) => {
      if (!isLike(change)) return
      stop()
      resolve(change)
    })
  })
}

describe('a client that follows the configuration', { timeout }, () => {
  it('leaves the member that leaves, knows those it was not told of, and keeps its session', async () => {
    await using ensemble = await startEnsemble(3, {
      settings: { reconfigEnabled: 'true', skipACL: 'yes' },
    })
    const leaver = ensemble.members[2]
    await using zk = new ZooKeeper(leaver.connectString, { followConfig: true })
    await zk.create('/e', '', { ephemeral: true })
    const { sessionId } = zk
    const moved = state(
      zk,
      ({ state: is, server }) => is === 'connected' && server?.port !== leaver.port,
    )
    const operator = await ensemble.members[0].client()
    await operator.reconfig({ leaving: '3' })
    await moved
    assert.equal(zk.sessionId, sessionId)
    assert.equal((await operator.exists('/e'))?.ephemeralOwner, sessionId)
    await zk.close()
  })
})

describe('a client that takes read-only servers', { timeout }, () => {
  it('reads from one that is cut off, and goes over to one that takes changes', async () => {
    await using ensemble = await startEnsemble(3, { settings: { 'readonlymode.enabled': 'true' } })
    const leader = await ensemble.leader()
    const lonely = ensemble.members.find((member) => member !== leader)!
    const operator = await leader.client()
    await operator.create('/a', 'value')
    await ensemble.partition([lonely])
    // A while later it serves readers.
    await using reader = new ZooKeeper(lonely.connectString, { readOnly: true })
    assert.equal(await reader.get('/a'), 'value')
    await reader.close()
    // The list stays in its order with these numbers: the lonely one comes first.
    const world = { ...nodeWorld, random: { next: () => 0.99 } }
    const others = ensemble.members.filter((member) => member !== lonely)
    const servers = [lonely, ...others].map((member) => member.connectString).join(',')
    await using zk = new PlainZooKeeper(servers, { readOnly: true, timeout: 20_000 }, world)
    const first = state(zk, () => zk.state === 'connected').then(() => zk.isReadOnly)
    const arrived = state(zk, () => zk.state === 'connected' && !zk.isReadOnly)
    assert.equal(await zk.get('/a'), 'value')
    assert.equal(await first, true)
    const { server } = await arrived
    assert.notEqual(server?.port, lonely.port)
    await zk.set('/a', 'changed')
    assert.equal(await operator.get('/a'), 'changed')
    await zk.close()
  })
})
