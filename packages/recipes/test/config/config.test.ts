import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ZooKeeper as PlainZooKeeper } from '@quorate/client/core'
import { type Config, config } from '../../src/index.ts'
import { LossyWorld } from '../support/lossy-world.ts'
import { other, path, server, zk, useTwoClients } from '../support/two-clients.ts'

const limits = { timeout: 20_000 }

interface Limits {
  readonly rps: number
}

const schema = {
  parse(value: unknown): Limits {
    const rps = (value as Limits | null)?.rps
    if (typeof rps !== 'number' || rps < 0) throw new TypeError('rps is no number of 0 or more')
    return { rps }
  },
}

useTwoClients('/configs')

/** Waits until it holds the value. */
async function until(of: Config<Limits>, rps: number): Promise<void> {
  for await (const value of of) if (value.rps === rps) return
}

describe('a configuration', () => {
  it('has its default until it is written, and then what was written last', limits, async () => {
    await using mine = config(zk, path, { schema, default: { rps: 1 } })
    await using theirs = config(other, path, { schema, default: { rps: 2 } })
    await Promise.all([mine.ready(), theirs.ready()])
    assert.deepEqual([mine.value, mine.version], [{ rps: 1 }, -1])
    assert.equal(await mine.set({ rps: 5 }), 0)
    await until(theirs, 5)
    assert.deepEqual([theirs.value, theirs.version], [{ rps: 5 }, 0])
    assert.equal(await zk.get(path), '{"rps":5}')
  })

  it('shows who wrote what was written', limits, async () => {
    await using one = config(zk, path, { schema })
    for (let rps = 0; rps < 20; rps += 2) {
      const version = await one.set({ rps })
      assert.deepEqual([one.value, one.version], [{ rps }, version])
      await one.update((now) => ({ rps: now.rps + 1 }))
      assert.deepEqual(one.value, { rps: rps + 1 })
      await one.rollBack(version)
      assert.deepEqual(one.value, { rps })
    }
  })

  it('is live: a loop gets what is there and each new value', limits, async () => {
    await using followed = config(zk, path, { schema, default: { rps: 0 } })
    const seen: number[] = []
    const following = (async () => {
      for await (const { rps } of followed) {
        seen.push(rps)
        if (rps === 2) break
      }
    })()
    await using editor = config(other, path, { schema })
    await followed.ready()
    await editor.set({ rps: 1 })
    await until(followed, 1)
    await editor.set({ rps: 2 })
    await following
    assert.deepEqual(seen, [0, 1, 2])
  })

  it('keeps its last valid value when somebody writes nonsense, and says why', limits, async () => {
    await using followed = config(zk, path, { schema })
    await followed.set({ rps: 1 })
    await until(followed, 1)
    await other.set(path, '{"rps":-1}')
    await untilSo(() => followed.problem !== undefined)
    assert.deepEqual(followed.value, { rps: 1 })
    assert.match(String((followed.problem as Error).cause), /no number of 0 or more/)
    await other.set(path, '{"rps":3}')
    await until(followed, 3)
    assert.equal(followed.problem, undefined)
  })

  it('refuses what does not fit, before anything is sent', limits, async () => {
    await using one = config(zk, path, { schema })
    await assert.rejects(one.set({ rps: -1 }), { code: 'InvalidValue', path })
    assert.equal(await zk.exists(path), null)
  })

  it('has no value without a default', limits, async () => {
    await using one = config(zk, path, { schema })
    await one.ready()
    assert.throws(() => one.value, { code: 'NoValue' })
    await assert.rejects(
      one.update((value) => value),
      { code: 'NoValue' },
    )
  })

  it('is written only by who saw the last version', limits, async () => {
    await using mine = config(zk, path, { schema })
    await using theirs = config(other, path, { schema })
    const version = await mine.set({ rps: 1 }, { version: -1 })
    await theirs.set({ rps: 2 }, { version })
    await assert.rejects(mine.set({ rps: 3 }, { version }), { code: 'BadVersion', path })
    await assert.rejects(mine.set({ rps: 3 }, { version: -1 }), { code: 'BadVersion' })
    assert.equal(await zk.get(path), '{"rps":2}')
  })

  it('is changed by several editors, none of whose changes is lost', limits, async () => {
    await using mine = config(zk, path, { schema, default: { rps: 0 } })
    await using theirs = config(other, path, { schema, default: { rps: 0 } })
    const edits = [mine, theirs].flatMap((editor) =>
      Array.from({ length: 10 }, () => editor.update(({ rps }) => ({ rps: rps + 1 }))),
    )
    const versions = await Promise.all(edits)
    assert.equal(await zk.get(path), '{"rps":20}')
    assert.equal(new Set(versions).size, 20)
  })

  it('keeps so many versions, and goes back to one', limits, async () => {
    await using one = config(zk, path, { schema, historyMax: 3 })
    for (const rps of [10, 11, 12, 13]) await one.set({ rps })
    const history = await one.history()
    assert.deepEqual(
      history.map(({ version, value }) => [version, value.rps]),
      [
        [3, 13],
        [2, 12],
        [1, 11],
      ],
    )
    assert.ok(Math.abs(history[0].time - Date.now()) < 60_000)
    assert.equal(await one.rollBack(1), 4)
    assert.equal(await zk.get(path), '{"rps":11}')
    await assert.rejects(one.rollBack(0), { code: 'NoVersion' })
  })

  it('takes into its history what others wrote without it', limits, async () => {
    await other.create('/configs', '').catch(() => {})
    await other.create(path, '{"rps":7}')
    await using one = config(zk, path, { schema })
    await one.set({ rps: 8 })
    await other.set(path, '{"rps":9}')
    await one.set({ rps: 10 })
    const history = await one.history()
    assert.deepEqual(
      history.map(({ value }) => value.rps),
      [10, 9, 8, 7],
    )
  })

  it('goes back to its default when it is deleted', limits, async () => {
    await using one = config(zk, path, { schema, default: { rps: 0 } })
    await one.set({ rps: 1 })
    await until(one, 1)
    await other.delete(path, { recursive: true })
    await until(one, 0)
    assert.equal(one.version, -1)
    assert.equal(await one.set({ rps: 2 }), 0)
  })

  it('is written once, whatever becomes of the answers', limits, async () => {
    for (const lose of ['loseNextRequest', 'loseNextAnswer'] as const) {
      const lossy = new LossyWorld()
      const client = new PlainZooKeeper(server.connectString, {}, lossy)
      await using one = config(client, path, { schema })
      await one.ready()
      const last = (await zk.exists(path))?.version ?? -1
      lossy[lose]()
      await one.set({ rps: last + 10 })
      assert.equal((await zk.exists(path))!.version, last + 1)
      await one.close()
      await client.close()
    }
  })
})

/** Looks again after each turn of the loop. */
async function untilSo(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve))
}
