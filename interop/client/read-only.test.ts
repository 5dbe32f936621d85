/** Our client on a server that is cut off from its ensemble, Apache's and ours: read-only mode, with local sessions and without. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ZooKeeper, type ZooKeeperError } from '@quorate/client'
import { Ensemble } from '../harness/ensemble.ts'
import type { EnsembleMember } from '../harness/ensemble-member.ts'
import { serversOfEitherKind } from '../harness/servers-under-test.ts'

const timeout = 120_000

for (const { name } of serversOfEitherKind) {
  const kind = name === 'Quorate' ? 'quorate' : 'apache'

  /** Two of three members end; the first one stays, and goes into read-only mode. */
  async function cutOff(configuration: readonly string[]): Promise<[Ensemble, EnsembleMember]> {
    const ensemble = await Ensemble.start({
      voters: [kind, kind, kind],
      configuration,
      properties: { 'readonlymode.enabled': 'true' },
    })
    const lonely = ensemble.member(1)
    const zk = new ZooKeeper(lonely.address)
    await zk.create('/a', 'value')
    await zk.close()
    await Promise.all([2, 3].map((id) => ensemble.member(id).kill()))
    await lonely.awaitServing('read-only')
    return [ensemble, lonely]
  }

  test(
    `our client reads from a read-only server of ${name} and goes on to one that takes changes`,
    { timeout },
    async () => {
      const [ensemble, lonely] = await cutOff(['localSessionsEnabled=true'])
      const zk = new ZooKeeper(ensemble.connectString, { readOnly: true })
      try {
        assert.equal(await zk.get('/a'), 'value')
        assert.equal(zk.isReadOnly, true)
        await assert.rejects(zk.set('/a', 'new'), { code: 'NotReadOnly', applied: 'no' })
        await assert.rejects(new ZooKeeper(lonely.address, { timeout: 1000 }).get('/a'), {
          code: 'ConnectionLoss',
        })

        const writable = new Promise<void>((resolve) => {
          zk.on('state', ({ state }) => {
            if (state === 'connected' && !zk.isReadOnly) resolve()
          })
        })
        await Promise.all([2, 3].map((id) => ensemble.member(id).start()))
        await writable
        await zk.set('/a', 'new')
        assert.equal(await zk.get('/a'), 'new')
      } finally {
        await zk.close({ deadlineMs: 1000 })
        await ensemble.dispose()
      }
    },
  )

  test(
    `our client meets a read-only server of ${name} that has no local sessions`,
    { timeout },
    async () => {
      const [ensemble, lonely] = await cutOff([])
      const zk = new ZooKeeper(lonely.address, { readOnly: true, timeout: 3000 })
      try {
        if (kind === 'quorate') {
          assert.equal(await zk.get('/a'), 'value')
          return
        }
        // Apache's gives no session then, so the client waits for another server as long as a session would live.
        await assert.rejects(zk.get('/a'), (error: ZooKeeperError) => {
          assert.deepEqual([error.code, error.applied], ['ConnectionLoss', 'no'])
          assert.match(error.message, /takes no session: .*localSessionsEnabled/)
          return true
        })
        assert.equal(zk.state, 'idle')
        await Promise.all([2, 3].map((id) => ensemble.member(id).start()))
        await ensemble.awaitServing()
        assert.equal(await zk.get('/a'), 'value')
      } finally {
        await zk.close({ deadlineMs: 1000 })
        await ensemble.dispose()
      }
    },
  )
}
