/** Linearizable reads at a server of ours with Apache's around it: behind a write that fails where Apache leads, by pings where we lead. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ZooKeeper } from '@quorate/client'
import { Ensemble } from '../harness/ensemble.ts'
import { askWord } from '../harness/server-word.ts'
import { mixedOptions } from './mixed-options.ts'
import type { Mix } from './node-calls.ts'

const timeout = 180_000
const roundCount = 50

interface Case {
  readonly name: string
  readonly voters: Mix['voters']
  readonly writesAt: number
  readonly readsAt: number
  /** Transactions that a read leaves behind. */
  readonly txnsPerRead: number
}

const cases: readonly Case[] = [
  {
    name: 'a follower of Apache’s leader has it decide about a write that fails',
    voters: ['quorate', 'quorate', 'apache'],
    writesAt: 1,
    readsAt: 2,
    txnsPerRead: 1,
  },
  {
    name: 'a leader of ours has Apache’s followers confirm it, and writes nothing',
    voters: ['apache', 'apache', 'quorate'],
    writesAt: 1,
    readsAt: 3,
    txnsPerRead: 0,
  },
]

async function lastCounterAt(port: number): Promise<number> {
  const [, zxid] = /^Zxid: (0x[0-9a-f]+)$/m.exec(await askWord(port, 'srvr'))!
  return Number(BigInt(zxid!) & 0xffff_ffffn)
}

for (const { name, voters, writesAt, readsAt, txnsPerRead } of cases)
  test(`for a linearizable read ${name}`, { timeout }, async () => {
    await using disposables = new AsyncDisposableStack()
    const ensemble = await Ensemble.start(mixedOptions({ voters }))
    disposables.defer(() => ensemble.dispose())
    const [writer, reader] = [writesAt, readsAt].map((id) =>
      disposables.use(new ZooKeeper(`127.0.0.1:${ensemble.member(id).port}`, { timeout: 30_000 })),
    ) as [ZooKeeper, ZooKeeper]
    await writer.create('/x', 'first')
    assert.equal(await reader.get('/x', { read: 'linearizable' }), 'first')
    for (let round = 0; round < roundCount; round++) {
      await writer.set('/x', `${round}`)
      assert.equal(await reader.get('/x', { read: 'linearizable' }), `${round}`)
    }
    const { port } = ensemble.member(readsAt)
    const before = await lastCounterAt(port)
    for (let round = 0; round < roundCount; round++)
      assert.equal((await reader.exists('/x', { read: 'linearizable' }))?.version, roundCount)
    assert.equal(await lastCounterAt(port), before + roundCount * txnsPerRead)
  })
