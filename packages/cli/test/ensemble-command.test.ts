/** `quorate ensemble` as its own process, with a real server. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, describe, it } from 'node:test'
import { ZooKeeper } from '@quorate/client'
import { memberMode } from '../src/ensemble/member-mode.ts'
import { scratchFolder } from './ensemble/scratch-folder.ts'

const scratch = scratchFolder()
const main = new URL('../src/main.ts', import.meta.url).pathname
const children: ChildProcess[] = []
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue
    child.kill('SIGTERM')
    await once(child, 'exit')
  }
})

function launch(folder: string, args: readonly string[] = []) {
  const words = ['--conditions=source', main, 'ensemble', '--data-dir', join(scratch, folder)]
  const child = spawn(process.execPath, [...words, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  children.push(child)
  let errors = ''
  child.stderr.on('data', (chunk) => (errors += String(chunk)))
  const exited = once(child, 'close').then(([code]) => ({ code: code as number | null, errors }))
  return { child, exited, lines: createInterface({ input: child.stdout }) }
}

/** What the ensemble says until it serves. */
async function serving(lines: AsyncIterable<string>) {
  let pid = 0
  for await (const line of lines) {
    pid = Number(/^server 1 .* process (\d+)$/.exec(line)?.[1] ?? pid)
    const servers = /^connection string: (.*)$/.exec(line)?.[1]
    if (servers !== undefined) return { servers, pid, port: Number(servers.split(':')[1]) }
  }
  throw new Error('the process ended without a connection string')
}

async function talk<R>(servers: string, work: (zk: ZooKeeper) => Promise<R>): Promise<R> {
  const zk = new ZooKeeper(servers)
  try {
    return await work(zk)
  } finally {
    await zk.close()
  }
}

/** Through losses of the connection, which leave open whether a write has happened. */
async function createSurely(zk: ZooKeeper, path: string, data: string): Promise<void> {
  for (;;) {
    try {
      await zk.create(path, data)
      return
    } catch (error) {
      const { code } = error as { readonly code?: string }
      if (code === 'NodeExists') return
      if (code !== 'ConnectionLoss') throw error
    }
  }
}

const single = ['--size', '1', '--client-port', '0']

describe('quorate ensemble', () => {
  it('serves, stops for SIGTERM with 0, and comes back with the same port and data', async () => {
    const first = launch('again', single)
    const { servers, port } = await serving(first.lines)
    await talk(servers, (zk) => zk.create('/kept', 'kept'))
    first.child.kill('SIGTERM')
    assert.deepEqual(await first.exited, { code: 0, errors: '' })
    assert.equal(await memberMode(port), undefined)
    const second = launch('again')
    assert.equal((await serving(second.lines)).servers, servers)
    assert.equal(await talk(servers, (zk) => zk.get('/kept')), 'kept')
  })

  it('is refused in a folder where another one runs', async () => {
    const first = launch('held', single)
    await serving(first.lines)
    const { code, errors } = await launch('held').exited
    assert.equal(code, 1)
    assert.match(errors, /an ensemble runs in .*held already; .*ENSEMBLE_FOLDER_IN_USE/)
  })

  it('leaves no server behind when it is killed', async () => {
    const { child, lines } = launch('killed', single)
    const { pid, port } = await serving(lines)
    child.kill('SIGKILL')
    while ((await memberMode(port)) !== undefined);
    const second = launch('killed')
    const { pid: next, port: same } = await serving(second.lines)
    assert.notEqual(next, pid)
    assert.equal(same, port)
  })

  it('loses nothing when the leader of three is killed, and starts it again', async () => {
    const { child, exited, lines } = launch('three', ['--size', '3', '--client-port', '0'])
    const told = lines[Symbol.asyncIterator]()
    const next = async (): Promise<string> => String((await told.next()).value)
    let leader = { id: '', pid: 0 }
    let servers: string | undefined
    while (servers === undefined) {
      const line = await next()
      const [, id, pid] = /^server (\d) +leader .* process (\d+)$/.exec(line) ?? []
      if (id !== undefined) leader = { id, pid: Number(pid) }
      servers = /^connection string: (.*)$/.exec(line)?.[1]
    }
    await talk(servers, async (zk) => {
      await zk.create('/before', 'kept')
      process.kill(leader.pid, 'SIGKILL')
      assert.equal(await zk.get('/before'), 'kept')
      await createSurely(zk, '/after', 'taken')
    })
    const again = new RegExp(`server ${leader.id} serves again as follower`)
    for (let line = ''; !again.test(line); line = await next());
    const port = servers.split(',')[Number(leader.id) - 1]
    await talk(port, async (zk) => {
      await zk.sync('/')
      assert.equal(await zk.get('/after'), 'taken')
    })
    child.kill('SIGTERM')
    assert.deepEqual(await exited, { code: 0, errors: '' })
  })

  it('exits with 2 for arguments that make no sense', async () => {
    const { code, errors } = await launch('none', ['--size', '12']).exited
    assert.equal(code, 2)
    assert.match(errors, /found --size 12; expected a whole number from 1 to 9/)
  })
})
