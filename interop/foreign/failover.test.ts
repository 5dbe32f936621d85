/** Clients of others on an ensemble whose servers are killed: what was acknowledged to them is there, and their sessions live. */
import assert from 'node:assert/strict'
import { fork, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { type Client, CreateMode, createClient, Exception } from 'node-zookeeper-client'
import { classPath, java } from '../harness/apache-server.ts'
import { Ensemble } from '../harness/ensemble.ts'
import { eventually } from '../harness/eventually.ts'
import { installForeignPrograms } from '../harness/install.ts'
import { type ProgramResult, runProgram } from '../harness/run-program.ts'
import { killInTurn } from '../harness/turmoil.ts'
import { installAddon } from './addon.ts'
import type { WriterMessage } from './addon-writer.ts'
import { python } from './kazoo-client.ts'

const timeout = 180_000
const kills = 4
const javaWords = [
  '-Xmx64m',
  '-XX:+UseSerialGC',
  '-XX:TieredStopAtLevel=1',
  '-cp',
  classPath(['slf4j-nop', 'zookeeper']),
  'org.apache.zookeeper.ZooKeeperMain',
]

/** Calls `create` with ever new names until the kills are over, and once more then; the names for which it has come true. */
async function createDuringKills(
  ensemble: Ensemble,
  prefix: string,
  create: (name: string) => Promise<boolean>,
): Promise<readonly string[]> {
  const acknowledged: string[] = []
  /** A client may find servers again only after seconds, and the next is to be killed while it writes. */
  const wroteAgain = (): Promise<true> => {
    const count = acknowledged.length
    return eventually({ what: `more nodes ${prefix}`, timeoutMs: 60_000 }, () =>
      acknowledged.length > count ? true : undefined,
    )
  }
  const state = { isOver: false }
  const over = killInTurn(ensemble, kills, wroteAgain).finally(() => (state.isOver = true))
  const createNext = async (i: number): Promise<void> => {
    if (await create(`${prefix}${i}`)) acknowledged.push(`${prefix}${i}`)
  }
  let i = 0
  while (!state.isOver) await createNext(i++)
  await over
  await createNext(i)
  return acknowledged
}

function connected(servers: string): Promise<Client> {
  const client = createClient(servers, { sessionTimeout: 30_000 })
  return new Promise((resolve) => {
    client.once('connected', () => resolve(client))
    client.connect()
  })
}

describe('while servers are killed', () => {
  let ensemble: Ensemble
  let reader: Client
  let addon: string
  before(async () => {
    installForeignPrograms()
    // Nothing else happens meanwhile in this process, so no session may be open yet.
    addon = installAddon()
    ensemble = await Ensemble.start({ voters: ['quorate', 'quorate', 'quorate'] })
    reader = await connected(ensemble.connectString)
  })
  after(async () => {
    reader.close()
    await ensemble.dispose()
  })

  /** The children of the root whose names begin with this, after all that was acknowledged. */
  async function found(prefix: string): Promise<ReadonlySet<string>> {
    const create = promisify<string, Buffer, number, string>(reader.create.bind(reader))
    await create(`/read-${prefix}`, Buffer.of(), CreateMode.PERSISTENT)
    const children = await new Promise<readonly string[]>((resolve, reject) =>
      reader.getChildren(
        '/',
        () => {},
        (error, names) => (error === null ? resolve(names) : reject(error)),
      ),
    )
    return new Set(children.filter((name) => name.startsWith(prefix)))
  }

  test(
    'node-zookeeper-client keeps its session and what it wrote',
    { timeout },
    async (context) => {
      const client = await connected(ensemble.connectString)
      context.after(() => client.close())
      const session = client.getSessionId().toString('hex')
      const create = promisify<string, Buffer, number, string>(client.create.bind(client))
      await create('/ephemeral', Buffer.of(), CreateMode.EPHEMERAL)
      const acknowledged = await createDuringKills(ensemble, 'js-', async (name) => {
        for (;;) {
          try {
            await create(`/${name}`, Buffer.of(), CreateMode.PERSISTENT)
            return true
          } catch (error) {
            const { code } = error as Exception
            if (code === Exception.NODE_EXISTS) return true
            assert.equal(code, Exception.CONNECTION_LOSS)
          }
        }
      })
      assert.equal(client.getSessionId().toString('hex'), session)
      assert.ok(acknowledged.length > kills)
      assert.deepEqual(await found('js-'), new Set(acknowledged))
      assert.deepEqual(await found('ephemeral'), new Set(['ephemeral']))
    },
  )

  /** What a writer in a process of its own says, from its first acknowledged node to its report. */
  interface Writer {
    /** The last message. */
    readonly said: () => WriterMessage | undefined
    readonly end: () => void
  }

  /** Kills servers while it writes, and looks whether its session lives and all is there that was acknowledged. */
  async function writeThroughKills(name: string, prefix: string, writer: Writer): Promise<void> {
    const wrote = (count: number): Promise<true> =>
      eventually({ what: `${count} writes of ${name}`, timeoutMs: 60_000 }, () => {
        const said = writer.said()
        return typeof said === 'number' && said >= count ? true : undefined
      })
    await wrote(0)
    // It may pause for seconds when it has tried all servers in vain. The write under way may have been acknowledged before.
    await killInTurn(ensemble, kills, () => wrote((writer.said() as number) + 2))
    writer.end()
    const { acknowledged, sessions } = await eventually(
      { what: `the report of ${name}`, timeoutMs: 60_000 },
      () => {
        const said = writer.said()
        return typeof said === 'object' ? said : undefined
      },
    )
    assert.ok(sessions.length > 1, `${sessions.length} connections`)
    assert.equal(new Set(sessions).size, 1, sessions.join(', '))
    assert.ok(acknowledged.length > kills)
    assert.deepEqual(await found(prefix), new Set([...acknowledged, `${prefix}ephemeral`]))
  }

  test('the addon zookeeper keeps its session and what it wrote', { timeout }, async (context) => {
    const script = join(import.meta.dirname, 'addon-writer.ts')
    const words = [addon, ensemble.connectString, 'addon-']
    const child = fork(script, words, { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] })
    context.after(() => child.kill('SIGKILL'))
    let said: WriterMessage | undefined
    child.on('message', (message: WriterMessage) => (said = message))
    await writeThroughKills('the addon', 'addon-', {
      said: () => said,
      end: () => child.send('end'),
    })
  })

  test('kazoo keeps its session and what it wrote', { timeout }, async (context) => {
    const script = join(import.meta.dirname, 'kazoo', 'writer.py')
    const child = spawn(python, [script, ensemble.connectString, 'kazoo-'], {
      stdio: ['pipe', 'pipe', 'ignore'],
    })
    context.after(() => child.kill('SIGKILL'))
    let said: WriterMessage | undefined
    createInterface({ input: child.stdout }).on('line', (line) => {
      said = JSON.parse(line) as WriterMessage
    })
    await writeThroughKills('kazoo', 'kazoo-', {
      said: () => said,
      end: () => child.stdin.end('end\n'),
    })
  })

  /** Runs a command a node, and notes those that were created. */
  async function createOneByOne(
    prefix: string,
    run: (path: string) => Promise<ProgramResult>,
    isCreated: (result: ProgramResult) => boolean,
  ): Promise<void> {
    const tried = new Set<string>()
    const acknowledged = await createDuringKills(ensemble, prefix, async (name) => {
      tried.add(name)
      return isCreated(await run(`/${name}`))
    })
    assert.equal(acknowledged.at(-1), [...tried].at(-1), 'the last one, when all is quiet')
    assert.ok(acknowledged.length > kills, `${acknowledged.length} of ${tried.size} came through`)
    const names = await found(prefix)
    for (const name of acknowledged) assert.ok(names.has(name), `${name} is lost`)
    for (const name of names) assert.ok(tried.has(name), `nobody has asked for ${name}`)
  }

  test('the C client is never told of a write that is lost', { timeout }, () =>
    createOneByOne(
      'c-',
      (path) =>
        runProgram({
          command: '/usr/lib/zookeeper/bin/cli_mt',
          words: ['-h', ensemble.connectString, '-c', `create ${path}`],
          timeoutMs: 30_000,
        }),
      ({ output, errors }) => /rc = 0\b/.test(output + errors),
    ),
  )

  test('zkCli is never told of a write that is lost', { timeout }, () =>
    createOneByOne(
      'cli-',
      (path) =>
        runProgram({
          command: java,
          words: [...javaWords, '-server', ensemble.connectString, 'create', path],
          timeoutMs: 60_000,
        }),
      ({ output, errors }) => /Created \/cli-/.test(output + errors),
    ),
  )
})
