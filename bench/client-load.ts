/**
 * One client under measurement, in a process of its own: keeps so many calls under way for so long, and prints what
 * that took as JSON.
 *
 *     client-load.ts CLIENT ADDRESS get|set CALLS-UNDER-WAY SECONDS FOLDER-OF-THE-ADDON
 *
 * Each client is used in the way that is cheapest for it: ours by promises, the others by callbacks.
 */
import { createRequire } from 'node:module'
import { ZooKeeper } from '@quorate/client'

export interface ClientLoad {
  readonly operations: number
  readonly seconds: number
  /** Of all threads of the process. */
  readonly cpuSeconds: number
  readonly rssMb: number
}

/** Starts one operation on a node; `done` is told when it is over. */
type Operation = (path: string, done: (error: unknown) => void) => void

interface BenchedClient {
  readonly get: Operation
  readonly set: Operation
}

const value = Buffer.alloc(100, 'x')
const nodeCount = 100
const warmUpSeconds = 1

const [name, address, operation, underWay, seconds, addonFolder] = process.argv.slice(2) as [
  string,
  string,
  'get' | 'set',
  string,
  string,
  string,
]
const require = createRequire(import.meta.url)

async function tell(call: Promise<unknown>, done: (error: unknown) => void): Promise<void> {
  let failure: unknown
  try {
    await call
  } catch (error) {
    failure = error
  }
  done(failure)
}

async function quorate(): Promise<BenchedClient> {
  const zk = new ZooKeeper(address, { codec: 'bytes' })
  await zk.exists('/')
  return {
    get: (path, done) => void tell(zk.get(path), done),
    set: (path, done) => void tell(zk.set(path, value), done),
  }
}

interface NodeZookeeperClient {
  connect(): void
  once(event: 'connected', listener: () => void): void
  getData(path: string, done: (error: unknown) => void): void
  setData(path: string, data: Buffer, done: (error: unknown) => void): void
}

async function nodeZookeeperClient(): Promise<BenchedClient> {
  const library = require('node-zookeeper-client') as {
    readonly createClient: (servers: string) => NodeZookeeperClient
  }
  const client = library.createClient(address)
  await new Promise<void>((resolve) => {
    client.once('connected', resolve)
    client.connect()
  })
  return {
    get: (path, done) => client.getData(path, done),
    set: (path, done) => client.setData(path, value, done),
  }
}

type Answer = (code: number) => void

interface AddonClient {
  on(event: 'connect', listener: () => void): void
  init(config: object): void
  a_get(path: string, watch: boolean, done: Answer): number
  a_set(path: string, data: Buffer, version: number, done: Answer): number
}

function answer(done: (error: unknown) => void): Answer {
  return (code) => done(code === 0 ? undefined : new Error(`the server answered ${code}`))
}

async function addon(): Promise<BenchedClient> {
  const Client = require(addonFolder) as new (config: object) => AddonClient
  const client = new Client({ connect: address, timeout: 30_000, debug_level: 1 })
  await new Promise<void>((resolve) => {
    client.on('connect', resolve)
    client.init({})
  })
  return {
    get: (path, done) => void client.a_get(path, false, answer(done)),
    set: (path, done) => void client.a_set(path, value, -1, answer(done)),
  }
}

const clients: Readonly<Record<string, () => Promise<BenchedClient>>> = {
  quorate,
  'node-zookeeper-client': nodeZookeeperClient,
  zookeeper: addon,
}

/** Runs until the time is over and all calls are answered. */
function load(run: Operation, durationMs: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const endMs = performance.now() + durationMs
    let operations = 0
    let running = Number(underWay)
    const next = (path: string): void => {
      run(path, (error) => {
        if (error) return reject(error instanceof Error ? error : new Error('the call failed'))
        operations++
        if (performance.now() < endMs) next(path)
        else if (--running === 0) resolve(operations)
      })
    }
    for (let i = 0; i < Number(underWay); i++) next(`/bench/${i % nodeCount}`)
  })
}

const client = await clients[name]!()
const run = client[operation]
await load(run, warmUpSeconds * 1000)
const before = process.cpuUsage()
const startMs = performance.now()
const operations = await load(run, Number(seconds) * 1000)
const cpu = process.cpuUsage(before)
const result: ClientLoad = {
  operations,
  seconds: (performance.now() - startMs) / 1000,
  cpuSeconds: (cpu.user + cpu.system) / 1e6,
  rssMb: Math.round(process.memoryUsage.rss() / 2 ** 20),
}
process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit())
