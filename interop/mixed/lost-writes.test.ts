/** Our client on followers of Apache's leader: its fences and its order of writes let a server of ours say what became of each. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nodeWorld } from '@quorate/client'
import { ZooKeeper } from '@quorate/client/core'
import { CuttingProxy } from '../../packages/testkit/test/lost-writes/cutting-proxy.ts'
import { Ensemble } from '../harness/ensemble.ts'
import { mixedOptions } from './mixed-options.ts'

const timeout = 180_000
const cutsMin = 150
const writesAtATime = 24
const cutBytesMost = 6_000

test(
  'under Apache’s leader no write is in doubt, lost or carried out twice',
  { timeout },
  async () => {
    await using disposables = new AsyncDisposableStack()
    const ensemble = await Ensemble.start(
      mixedOptions({ voters: ['quorate', 'quorate', 'apache'] }),
    )
    disposables.defer(() => ensemble.dispose())
    let isCutting = true
    const plan = {
      next() {
        if (!isCutting) return undefined
        const direction = Math.random() < 0.5 ? ('toServer' as const) : ('toClient' as const)
        return { direction, bytes: 1 + Math.floor(Math.random() ** 2 * cutBytesMost) }
      },
    }
    const proxies: CuttingProxy[] = []
    for (const id of [1, 2])
      proxies.push(disposables.use(await CuttingProxy.start(ensemble.member(id).port, plan)))
    const servers = proxies.map(({ port }) => `127.0.0.1:${port}`).join(',')
    const random = { next: () => Math.random() * 0.02 }
    const zk = disposables.use(
      new ZooKeeper(servers, { timeout: 30_000 }, { ...nodeWorld, random }),
    )
    await zk.create('/queue')
    await zk.create('/version')
    const paths: string[] = []
    let versions = 0
    while (proxies.reduce((sum, { cutCount }) => sum + cutCount, 0) < cutsMin) {
      const added = Array.from({ length: writesAtATime }, () =>
        zk.create('/queue/item-', '', { sequential: true }),
      )
      const set = Array.from({ length: writesAtATime }, () => {
        const version = versions++
        return zk.set('/version', '', { version })
      })
      paths.push(...(await Promise.all(added)))
      await Promise.all(set)
    }
    isCutting = false
    const names = (await zk.children('/queue')).toSorted((a, b) => a.localeCompare(b))
    assert.deepEqual(
      paths,
      names.map((name) => `/queue/${name}`),
    )
    assert.equal((await zk.getWithStat('/version')).stat.version, versions)
  },
)
