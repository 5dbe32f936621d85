/**
 * The counter of an epoch runs out, in a mixed ensemble: whoever leads, another epoch begins and nothing acknowledged is lost
 * (ZOOKEEPER-1277). Four thousand million writes would take days, so the leader of either kind is made to begin near the end.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { ZooKeeper, ZooKeeperError } from '@quorate/client'
import { counterOf, epochOf, type Zxid } from '@quorate/protocol'
import { resolveConfig, type RunningServer, startServer } from '@quorate/server'
import { Ensemble } from '../harness/ensemble.ts'
import type { EnsembleMember } from '../harness/ensemble-member.ts'
import { assertEqualTrees } from './equal-trees.ts'
import { mixedOptions } from './mixed-options.ts'

const timeout = 120_000
/** Writes that are left in the epoch, and those that are made. */
const leftCount = 150
const writeCount = 300

/** Creates one node after the other; of one in doubt it finds out. @returns the transactions that made them */
async function createNodes(zk: ZooKeeper, prefix: string): Promise<readonly Zxid[]> {
  const zxids: Zxid[] = []
  for (let i = 0; i < writeCount; i++) {
    const path = `${prefix}${i}`
    for (;;) {
      try {
        await zk.create(path, '')
        break
      } catch (error) {
        if (!(error instanceof ZooKeeperError)) throw error
        if (error.code === 'NodeExists') break
        assert.ok(error.retryable, String(error))
      }
    }
    zxids.push((await zk.exists(path))!.czxid)
  }
  return zxids
}

function assertRolledOver(zxids: readonly Zxid[], counterMax: number): void {
  const next = zxids.findIndex((zxid) => epochOf(zxid) > epochOf(zxids[0]!))
  assert.ok(next > 0, 'all are of one epoch')
  const last = counterOf(zxids[next - 1]!)
  assert.ok(last <= counterMax && last > counterMax - leftCount / 2, `the epoch ended at ${last}`)
}

async function assertAllThere(ensemble: Ensemble, prefix: string): Promise<void> {
  const tree = new Set((await assertEqualTrees(ensemble)).map(({ path }) => path))
  for (let i = 0; i < writeCount; i++) assert.ok(tree.has(`${prefix}${i}`), `${prefix}${i} is lost`)
}

test('a server of ours follows an Apache leader whose epoch ends', { timeout }, async () => {
  await using disposables = new AsyncDisposableStack()
  const ensemble = await Ensemble.create(
    mixedOptions({
      voters: ['quorate', 'apache', 'apache'],
      properties: {
        'zookeeper.testingonly.initialZxid': String(0xffff_ffff - leftCount),
        // To such a leader its followers come with a gap behind them, which ours would not take from a log.
        'zookeeper.forceSnapshotSync': 'true',
      },
    }),
  )
  disposables.defer(() => ensemble.dispose())
  await ensemble.startInOrder([2, 3])
  const ours = ensemble.member(1)
  const zk = disposables.use(new ZooKeeper(ours.address, { timeout: 30_000 }))
  assertRolledOver(await createNodes(zk, '/after-apache-'), 0xffff_ffff)
  await assertAllThere(ensemble, '/after-apache-')
})

/** Runs the member in this process, where its epochs can be made short. */
function startWithShortEpochs(
  member: EnsembleMember,
  zxidCounterMax: number,
): Promise<RunningServer> {
  const path = member.configurationFile
  const { config } = resolveConfig({ file: { path, text: readFileSync(path, 'utf8') } })
  const { ensemble } = config
  assert.ok(ensemble !== undefined)
  const zab = { ...ensemble.zab, zxidCounterMax }
  return startServer({
    config: { ...config, ensemble: { ...ensemble, zab } },
    log: { write() {} },
  })
}

test('Apache’s servers follow a leader of ours whose epoch ends', { timeout }, async () => {
  await using disposables = new AsyncDisposableStack()
  const ensemble = await Ensemble.create(mixedOptions({ voters: ['apache', 'apache', 'quorate'] }))
  disposables.defer(() => ensemble.dispose())
  const ours = ensemble.member(3)
  const server = await startWithShortEpochs(ours, leftCount)
  let isOurs = true
  disposables.defer(async () => {
    if (isOurs) await server.stop()
  })
  await ensemble.startInOrder([1, 2])
  assert.equal((await ours.state())?.mode, 'leader')
  const zk = disposables.use(new ZooKeeper(ensemble.connectString, { timeout: 30_000 }))
  assertRolledOver(await createNodes(zk, '/after-ours-'), leftCount)
  await server.stop()
  isOurs = false
  await ours.start()
  await ours.awaitServing()
  await assertAllThere(ensemble, '/after-ours-')
})
