/** A server whose address changes behind its name is followed by those that know the name, without a restart of theirs. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, type LookupFunction, type NetConnectOpts } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, it } from 'node:test'
import { resolveConfig } from '../../src/config/server-config.ts'
import { type Machine, thisMachine } from '../../src/machine.ts'
import type { RunningServer } from '../../src/running-server.ts'
import { startServer } from '../../src/start-server.ts'
import { LineLog } from '../line-log.ts'
import { RawClient } from '../raw-client.ts'
import { freePorts } from './test-ensemble.ts'

const root = mkdtempSync(join(tmpdir(), 'quorate-names-'))
after(() => rmSync(root, { recursive: true }))

const ids = [1, 2, 3] as const

/** What the name service says. */
const addressByName = new Map(ids.map((id) => [nameOf(id), `127.0.0.${id}`]))

function nameOf(id: number): string {
  return `server-${id}.example`
}

const lookup: LookupFunction = (name, { all }, answer) => {
  const address = addressByName.get(name)!
  setImmediate(() => {
    if (all === true) answer(null, [{ address, family: 4 }])
    else answer(null, address, 4)
  })
}

const machine: Machine = {
  ...thisMachine,
  connect: (_id, options) => connect({ ...options, lookup } as NetConnectOpts),
}

it('a leader is followed at the address that its name has now', async () => {
  const [quorum, election] = await freePorts(2)
  const servers = new Map<number, RunningServer>()
  const logs = new Map(ids.map((id) => [id as number, new LineLog()]))

  /** Each knows itself by its address, and the others by their names. */
  async function start(id: number): Promise<void> {
    const directory = join(root, `server${id}`)
    mkdirSync(directory, { recursive: true })
    writeFileSync(join(directory, 'myid'), String(id))
    const hostOf = (other: number): string =>
      other === id ? addressByName.get(nameOf(id))! : nameOf(other)
    const lines = ids.map((other) => `server.${other}=${hostOf(other)}:${quorum}:${election}`)
    const settings = ['clientPort=0', 'clientPortAddress=127.0.0.1', 'tickTime=200']
    const limits = ['initLimit=20', 'syncLimit=10']
    const text = [`dataDir=${directory}`, ...settings, ...limits, ...lines].join('\n')
    const { config } = resolveConfig({ file: { path: join(directory, 'zoo.cfg'), text } })
    servers.set(id, await startServer({ config, log: logs.get(id)!, machine }))
  }

  async function stop(id: number): Promise<void> {
    await servers.get(id)!.stop()
    servers.delete(id)
  }

  /** Waits until these servers serve under this leader, in a term of theirs that begins from here on. */
  async function led(by: number, whom: readonly number[], act: () => Promise<void>) {
    const from = new Map(whom.map((id) => [id, logs.get(id)!.lines.length]))
    await act()
    const where = ({ fields }: { readonly fields?: Readonly<Record<string, unknown>> }): boolean =>
      fields?.['leaderId'] === by
    for (const id of whom) await logs.get(id)!.until('TERM_STARTED', { from: from.get(id)!, where })
  }

  try {
    await led(3, [1, 3], async () => {
      await start(3)
      await start(1)
    })
    await led(3, [2], () => start(2))
    await led(2, [1, 2], () => stop(3))
    addressByName.set(nameOf(3), '127.0.0.13')
    await led(2, [3], () => start(3))
    await led(3, [1, 3], () => stop(2))
    const { client } = await RawClient.open(servers.get(1)!.port)
    assert.equal((await client.create('/a', 'through a follower')).err, 0)
    client.end()
  } finally {
    for (const id of servers.keys()) await stop(id)
  }
})
