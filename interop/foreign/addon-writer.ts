/**
 * Creates nodes by the addon `zookeeper`, one after another, until its parent sends a message; then it sends a report. Before, it
 * sends how many were acknowledged. A process of its own: the addon writes to standard output and spins while nobody answers.
 *
 *     addon-writer.ts FOLDER-OF-THE-ADDON SERVERS PREFIX
 */
import { createRequire } from 'node:module'
import { setTimeout as delay } from 'node:timers/promises'

/** What is used of the package. */
interface AddonClient {
  readonly client_id: string
  on(event: 'connect', listener: () => void): void
  init(config: object): void
  create(path: string, data: string, flags: number): Promise<string>
}

/** What the parent hears: first that 0 nodes were acknowledged, when writing begins. */
export type WriterMessage = number | WriterReport

export interface WriterReport {
  readonly acknowledged: readonly string[]
  /** Ids of the session, at each connection. */
  readonly sessions: readonly string[]
}

const connectionLoss = -4
const operationTimeout = -7
const nodeExists = -110
const ephemeral = 1
const logErrorsOnly = 1
/** After it has tried all servers in vain the client waits for a third of this. */
const sessionTimeoutMs = 9_000

const [addon, servers, prefix] = process.argv.slice(2) as [string, string, string]
const { Promise: Client } = createRequire(import.meta.url)(addon) as {
  readonly Promise: new (config: object) => AddonClient
}

const client = new Client({
  connect: servers,
  timeout: sessionTimeoutMs,
  debug_level: logErrorsOnly,
})
const sessions: string[] = []
const connected = new Promise<void>((resolve) =>
  client.on('connect', () => {
    sessions.push(client.client_id)
    resolve()
  }),
)
client.init({})
await connected
const state = { isEnding: false }
process.once('message', () => (state.isEnding = true))

await surely(`/${prefix}ephemeral`, ephemeral)
const acknowledged: string[] = []
tell(0)
for (let i = 0, isLast = false; !isLast; i++) {
  // The last one when all is quiet.
  isLast = state.isEnding
  await surely(`/${prefix}${i}`, 0)
  acknowledged.push(`${prefix}${i}`)
  tell(acknowledged.length)
}
// The session goes on, as its ephemeral is looked for; the parent ends this process.
tell({ acknowledged, sessions })

function tell(message: WriterMessage): void {
  process.send!(message)
}

/** Asks until it is known that the node is there. */
async function surely(path: string, flags: number): Promise<void> {
  for (let isRepeated = false; ; isRepeated = true) {
    try {
      await client.create(path, '', flags)
      return
    } catch (error) {
      // The package tells the code at the beginning of the message only.
      const code = Number.parseInt((error as Error).message, 10)
      if (code === nodeExists && isRepeated) return
      if (code !== connectionLoss && code !== operationTimeout) throw error
      await delay(20)
    }
  }
}
