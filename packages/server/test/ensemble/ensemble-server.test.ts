/** Whole ensembles in this process, over real sockets and files. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, describe, it } from 'node:test'
import { ask, RawClient } from '../raw-client.ts'
import { freePorts, TestEnsemble } from './test-ensemble.ts'

const root = mkdtempSync(join(tmpdir(), 'quorate-ensemble-'))
after(() => rmSync(root, { recursive: true }))

const ensembles: TestEnsemble[] = []
const clients: RawClient[] = []
afterEach(async () => {
  for (const client of clients.splice(0)) client.end()
  for (const ensemble of ensembles.splice(0)) await ensemble.stopAll()
})

const threeVoters = ['participant', 'participant', 'participant']

async function create(name: string, roles: readonly string[] = threeVoters, settings = '') {
  const ensemble = await TestEnsemble.create(join(root, name), roles, settings)
  ensembles.push(ensemble)
  return ensemble
}

async function open(port: number, options: Parameters<typeof RawClient.open>[1] = {}) {
  const opened = await RawClient.open(port, options)
  clients.push(opened.client)
  return opened
}

/** Who serves an observer, as it says itself. */
async function masterOf(port: number): Promise<number> {
  return Number(/^zk_observer_master_id\t(\d+)$/m.exec(await ask(port, 'mntr'))?.[1])
}

describe('EnsembleServer', () => {
  it('elects a leader, and a write through any member is read through every other', async () => {
    const ensemble = await create('writes')
    await ensemble.startAll()
    const leader = await ensemble.leader()
    assert.notEqual(leader, undefined)
    const opened = await Promise.all(ensemble.ids.map((id) => open(ensemble.port(id))))
    for (const [index, { client }] of opened.entries()) {
      assert.equal((await client.create(`/by${index}`, `value ${index}`)).err, 0)
      for (const other of opened) {
        await other.client.sync('/')
        assert.equal(await other.client.get(`/by${index}`), `value ${index}`)
      }
    }
  })

  it('goes on when its leader stops, with every session', async () => {
    const ensemble = await create('failover')
    await ensemble.startAll()
    const leader = await ensemble.leader()
    const [follower] = ensemble.running.filter((id) => id !== leader)
    const { client, session } = await open(ensemble.port(leader))
    assert.equal((await client.create('/a', 'kept')).err, 0)
    assert.equal((await client.create('/ephemeral', '', 1)).err, 0)
    await ensemble.stop(leader)
    await client.closed()
    assert.notEqual(await ensemble.leader(), leader)
    const moved = await open(ensemble.port(follower), { session })
    assert.equal(moved.session.sessionId, session.sessionId)
    assert.equal(await moved.client.get('/a'), 'kept')
    assert.equal(await moved.client.get('/ephemeral'), '')
  })

  it('serves nobody without a quorum, and says so', async () => {
    const ensemble = await create('minority')
    await ensemble.startAll()
    const leader = await ensemble.leader()
    const others = ensemble.running.filter((id) => id !== leader)
    for (const id of others) await ensemble.stop(id)
    await ensemble.log(leader).until('LEADER_WITHOUT_QUORUM')
    assert.equal(
      await ask(ensemble.port(leader), 'srvr'),
      'This ZooKeeper instance is not currently serving requests\n',
    )
    await assert.rejects(RawClient.open(ensemble.port(leader)), /closed the connection/)
  })

  it('shows its part in the ensemble to four-letter words', async () => {
    const ensemble = await create('shown', [...threeVoters, 'observer'])
    await ensemble.startAll()
    const leader = await ensemble.leader()
    const { client } = await open(ensemble.port(leader))
    assert.equal((await client.create('/a', 'x'.repeat(100))).err, 0)
    const mntr = await ask(ensemble.port(leader), 'mntr')
    for (const line of [
      'server_state\tleader',
      'peer_state\tleading - broadcast',
      'quorum_size\t3',
      'learners\t3',
      'synced_followers\t2',
      'synced_non_voting_followers\t0',
      'synced_observers\t1',
    ])
      assert.ok(mntr.includes(`zk_${line}\n`), line)
    assert.match(
      await ask(ensemble.port(leader), 'srvr'),
      /Proposal sizes last\/min\/max: \d+\/\d+\/\d+\n/,
    )
    const [follower] = ensemble.running.filter((id) => id !== leader)
    assert.match(
      await ask(ensemble.port(follower), 'mntr'),
      /zk_peer_state\tfollowing - broadcast\n/,
    )
    assert.match(
      await ask(ensemble.port(follower), 'conf'),
      /\nserver\.4=127\.0\.0\.1:\d+:\d+:observer/,
    )
    // Only the leader knows when sessions expire.
    assert.match(await ask(ensemble.port(leader), 'dump'), /^SessionTracker dump:\nSession Sets/)
    assert.match(
      await ask(ensemble.port(follower), 'dump'),
      /^SessionTracker dump:\nGlobal Sessions\(1\):\n0x[0-9a-f]+\t\d+ms\nephemeral nodes dump:\n/,
    )
  })

  it('takes a member back that has lost its disk', async () => {
    const ensemble = await create('wiped')
    await ensemble.startAll()
    const leader = await ensemble.leader()
    const [follower] = ensemble.running.filter((id) => id !== leader)
    const { client } = await open(ensemble.port(leader))
    for (let i = 0; i < 100; i++) assert.equal((await client.create(`/n${i}`, `${i}`)).err, 0)
    await ensemble.stop(follower)
    ensemble.wipe(follower)
    assert.equal((await client.create('/meanwhile', 'yes')).err, 0)
    await ensemble.start(follower)
    await ensemble.log(follower).until('TERM_STARTED')
    const rejoined = await open(ensemble.port(follower))
    assert.equal(await rejoined.client.get('/n99'), '99')
    assert.equal(await rejoined.client.get('/meanwhile'), 'yes')
  })

  it('has observers, which serve reads and forward writes', async () => {
    const ensemble = await create('observed', [...threeVoters, 'observer'])
    await ensemble.startAll()
    await ensemble.leader()
    assert.match(await ask(ensemble.port(4), 'srvr'), /Mode: observer/)
    const { client } = await open(ensemble.port(4))
    assert.equal((await client.create('/a', 'through an observer')).err, 0)
    assert.equal(await client.get('/a'), 'through an observer')
  })

  it('has observers that a follower serves, and another one when that is lost', async () => {
    const roles = [...threeVoters, 'observer']
    const [port] = await freePorts(1)
    const settings = `observerMasterPort=${port}`
    // One port for all of them, each on a machine of its own.
    const ensemble = await TestEnsemble.create(
      join(root, 'masters'),
      roles,
      settings,
      (id) => `127.0.0.${id}`,
    )
    ensembles.push(ensemble)
    await ensemble.startAll()
    const leader = await ensemble.leader()
    const first = await masterOf(ensemble.port(4))
    const { client, session } = await open(ensemble.port(4))
    assert.equal((await client.create('/ephemeral', 'kept', 1)).err, 0)
    await client.sync('/')
    await ensemble.stop(first)
    await client.closed()
    await ensemble.leader()
    const second = await masterOf(ensemble.port(4))
    const moved = await open(ensemble.port(4), { session })
    await moved.client.sync('/')
    assert.equal(await moved.client.get('/ephemeral'), 'kept')
    assert.equal(new Set([leader, first, second]).size, 3)
    assert.match(await ask(ensemble.port(second), 'mntr'), /^zk_synced_observers\t1$/m)
  })

  it('tells on every member of a subtree that is above its soft quota', async () => {
    const ensemble = await create('quota')
    await ensemble.startAll()
    const { client } = await open(ensemble.port(await ensemble.leader()))
    const nodes = [
      ['/q', ''],
      ['/zookeeper/quota/q', ''],
      ['/zookeeper/quota/q/zookeeper_limits', 'count=1,bytes=-1'],
      ['/zookeeper/quota/q/zookeeper_stats', 'count=1,bytes=0'],
      ['/q/a', ''],
      ['/q/b', ''],
    ]
    for (const [path, data] of nodes) assert.equal((await client.create(path, data)).err, 0, path)
    for (const id of ensemble.ids)
      assert.match((await ensemble.log(id).until('SOFT_QUOTA_EXCEEDED')).message, /\/q/)
  })

  it('moves its ports when a reconfiguration moves its addresses, and keeps them after a restart', async () => {
    const settings = 'reconfigEnabled=true\nskipACL=yes'
    const ensemble = await create('moved', threeVoters, settings)
    await ensemble.startAll()
    await ensemble.leader()
    const [quorum, election, client1] = await freePorts(3)
    const line = `server.1=127.0.0.1:${quorum}:${election}:participant;127.0.0.1:${client1}`
    const { client } = await open(ensemble.port(2))
    assert.equal(await client.reconfigure(line), 0)
    await ensemble.log(1).until('PORTS_MOVED')
    const moved = await open(client1)
    assert.equal((await moved.client.create('/a', 'at the new address')).err, 0)
    // Its peers find it where it is now.
    await ensemble.stop(2)
    await ensemble.stop(3)
    await ensemble.start(3)
    await ensemble.leader()
    const again = await open(client1)
    await again.client.sync('/')
    assert.equal(await again.client.get('/a'), 'at the new address')
    await ensemble.stop(1)
    await ensemble.start(1)
    await ensemble.leader()
    assert.equal(ensemble.port(1), client1)
  })

  it('turns clients away from a leader that is not to serve any', async () => {
    const ensemble = await create('unserved', threeVoters, 'leaderServes=no')
    await ensemble.startAll()
    const leader = await ensemble.leader()
    await assert.rejects(RawClient.open(ensemble.port(leader)), /closed the connection/)
    const [follower] = ensemble.running.filter((id) => id !== leader)
    const { client } = await open(ensemble.port(follower))
    assert.equal((await client.create('/a', 'through a follower')).err, 0)
  })

  it('finds all of its data when all of it was stopped', async () => {
    const ensemble = await create('restarted')
    await ensemble.startAll()
    const leader = await ensemble.leader()
    const { client } = await open(ensemble.port(leader))
    assert.equal((await client.create('/a', 'kept')).err, 0)
    await ensemble.stopAll()
    await ensemble.startAll()
    await ensemble.leader()
    for (const id of ensemble.ids) {
      assert.ok((await ensemble.log(id).until('RECOVERED')).fields)
      const again = await open(ensemble.port(id))
      await again.client.sync('/')
      assert.equal(await again.client.get('/a'), 'kept')
    }
  })
})
