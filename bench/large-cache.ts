/**
 * A cache of very many nodes: how long it takes to fill and what it weighs, and whether it keeps up with changes.
 *
 *     npm run bench:cache [-- --nodes 1000000 --changes 20000 --save]
 *
 * The server is a process of its own, and so is the writer's part of this file (`--role write`); the process that is measured
 * holds the cache alone. Nodes have 16 bytes of data below parents of 1000 each. The weight is the resident memory after a
 * forced collection, less that of the process before the cache.
 */
import { fork, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { ZooKeeper } from '@quorate/client'
import { cache } from '@quorate/recipes'
import { describeHost, ResultsFile, resultsDirectory } from './results.ts'

const { values } = parseArgs({
  options: {
    role: { type: 'string', default: 'measure' },
    address: { type: 'string' },
    nodes: { type: 'string', default: '1000000' },
    changes: { type: 'string', default: '20000' },
    save: { type: 'boolean', default: false },
  },
})
const root = '/large'
const nodeCount = Number(values.nodes)
const changeCount = Number(values.changes)
const perParent = 1000

if (values.role === 'write') await write(values.address!)
else await measure()

function pathOf(node: number): string {
  return `${root}/p${Math.floor(node / perParent)}/n${node % perParent}`
}

/** Fills the tree, and then changes nodes when it is told to. */
async function write(address: string): Promise<void> {
  await using zk = new ZooKeeper(address)
  await zk.create(root)
  let last: Promise<unknown> = Promise.resolve()
  for (let parent = 0; parent * perParent < nodeCount; parent++) {
    const transaction = zk.transaction().create(`${root}/p${parent}`) as unknown as {
      create(path: string, value: string): unknown
      commit(): Promise<unknown>
    }
    for (
      let node = parent * perParent;
      node < Math.min(nodeCount, (parent + 1) * perParent);
      node++
    )
      transaction.create(pathOf(node), String(node).padStart(16, '0'))
    const before = last
    last = transaction.commit()
    await before
  }
  await last
  process.send!('filled')
  await once(process, 'message')
  const changes: Promise<unknown>[] = []
  for (let change = 0; change < changeCount; change++) {
    const node = Math.floor((change * nodeCount) / changeCount)
    changes.push(zk.set(pathOf(node), `changed ${change}`))
    if (changes.length === 500) await Promise.all(changes.splice(0))
  }
  await Promise.all(changes)
  process.send!('changed')
  process.disconnect()
}

async function measure(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'quorate-cache-'))
  const server = spawn(
    process.execPath,
    [
      '--conditions=source',
      'packages/cli/src/main.ts',
      'server',
      '--data-dir',
      directory,
      '--client-port',
      '0',
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  try {
    const address = await servingAddress(server)
    const args = [
      '--role',
      'write',
      '--address',
      address,
      '--nodes',
      values.nodes,
      '--changes',
      values.changes,
    ]
    const writer = fork(process.argv[1]!, args)
    await once(writer, 'message')
    await measureCache(address, writer)
  } finally {
    const exited = once(server, 'exit')
    server.kill('SIGTERM')
    await exited
    rmSync(directory, { recursive: true })
  }
}

async function measureCache(address: string, writer: ChildProcess): Promise<void> {
  await using zk = new ZooKeeper(address, { timeout: 60_000 })
  await zk.exists('/')
  const emptyBytes = weight()
  const beganAtMs = performance.now()
  await using tree = cache(zk, root)
  await tree.ready()
  const fillSeconds = (performance.now() - beganAtMs) / 1000
  const fullBytes = weight()

  const changesBeganAtMs = performance.now()
  let toldCount = 0
  const following = (async () => {
    for await (const change of tree) if (change.type === 'changed') toldCount++
  })()
  const changed = once(writer, 'message')
  writer.send('change')
  await changed
  const writtenAtMs = performance.now()
  await tree.sync()
  const caughtUpAtMs = performance.now()
  let wrongCount = 0
  for (let change = 0; change < changeCount; change++)
    if (tree.get(pathOf(Math.floor((change * nodeCount) / changeCount))) !== `changed ${change}`)
      wrongCount++
  const size = tree.size
  await tree.close()
  await following
  const figures = {
    nodes: size,
    'fill, s': rounded(fillSeconds),
    'nodes/s': Math.round(size / fillSeconds),
    'bytes/node': Math.round((fullBytes - emptyBytes) / size),
    'resident, MiB': Math.round(fullBytes / 2 ** 20),
    changes: changeCount,
    'changes told': toldCount,
    'wrong afterwards': wrongCount,
    'changes/s': Math.round((changeCount * 1000) / (writtenAtMs - changesBeganAtMs)),
    'behind, ms': rounded(caughtUpAtMs - writtenAtMs),
  }
  console.log(figures)
  if (!values.save) return
  const file = ResultsFile.create(join(resultsDirectory, 'cache'))
  const commands = { quorate: 'quorate server --data-dir … --client-port 0' }
  file.append({ type: 'environment', ...describeHost(), commands })
  const named = { server: 'quorate', repetition: 1, case: 'cache filled and followed' }
  file.append({ type: 'measurement', ...named, figures })
}

function weight(): number {
  globalThis.gc?.()
  return process.memoryUsage.rss()
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100
}

/** Reads the server's log until it says where it serves. */
async function servingAddress(server: ChildProcess): Promise<string> {
  for await (const line of createInterface({ input: server.stdout! })) {
    const event = JSON.parse(line) as { code?: string; address?: string; port?: number }
    if (event.code === 'SERVER_SERVING') {
      server.stdout!.resume()
      return `${event.address}:${event.port}`
    }
  }
  throw new Error('the server ended before it served')
}
