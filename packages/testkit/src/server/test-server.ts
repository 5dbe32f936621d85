/**
 * A server alone in the process of a test, on a port of its own: the very server that `quorate server` runs, on data in memory.
 *
 * 1. When it is disposed of, its clients are closed first; nothing of it is left in the process then.
 */
import { nodeWorld } from '@quorate/client'
import type { World } from '@quorate/client/core'
import { type LogSink, startServer as startQuorateServer } from '@quorate/server'
import { endSession, type Expirable, sessionIdOf } from '../client/session-ender.ts'
import { type AnyZooKeeper, type IsolateOptions, TestClients } from '../client/test-clients.ts'
import { MemoryMachine } from '../disk/memory-machine.ts'
import { HostedServer, type HostedServerParts, silence } from './hosted-server.ts'
import { loopback, type Settings, serverConfig } from './server-settings.ts'

export interface StartServerOptions {
  /** Lines of zoo.cfg: `{ jute.maxbuffer: 4096 }`. */
  readonly settings?: Settings
  /** Default 0: any free one of 127.0.0.1. */
  readonly port?: number
  /** What the server has to say. Default: nobody hears it. */
  readonly log?: LogSink
}

/**
 * Starts a ZooKeeper server in this process. It serves when this resolves.
 *
 *     await using server = await startServer()
 *     const zk = await server.client()
 *     await zk.create('/greeting', 'hello')
 *
 * @throws ConfigError for settings that no server takes, ServerError when the port is not to be had
 */
export async function startServer(options: StartServerOptions = {}): Promise<TestServer> {
  const { settings = {}, port = 0, log = silence } = options
  const machine = new MemoryMachine()
  const server = new TestServer(nodeWorld, {
    clients: new TestClients(nodeWorld),
    machine,
    start: (at) => startQuorateServer({ config: serverConfig(at, settings), log, machine }),
    port,
  })
  await server.start()
  return server
}

export class TestServer extends HostedServer implements AsyncDisposable {
  readonly #world: World
  readonly #clients: TestClients

  /** One that does not run yet. */
  constructor(world: World, parts: HostedServerParts) {
    super(parts)
    this.#world = world
    this.#clients = parts.clients
  }

  /**
   * Ends a session as if it had timed out: its ephemeral nodes are gone when this resolves, and its owner hears of it as soon as it
   * is connected again.
   * @param session a client that has one, also one that this kit did not make
   */
  async expire(session: Expirable): Promise<void> {
    const server = { host: loopback, port: this.port }
    await endSession(this.#world.transport, [server], sessionIdOf(session))
  }

  /** Breaks the connections of one client that `client()` made, or of all of them; they may connect again at once. */
  cutConnections(client?: AnyZooKeeper): void {
    this.#clients.cut(client)
  }

  /**
   * From now on a client that `client()` made reaches no server. Its connection breaks at once, or falls silent without a word, as
   * over a cable that was pulled: then it is the client's affair to notice.
   */
  isolate(client: AnyZooKeeper, options: IsolateOptions = {}): void {
    this.#clients.isolate(client, options)
  }

  /**
   * The client stands still, as a process does that is stopped, or collects garbage for long: it sends nothing, hears nothing, and no
   * time limit of its own comes up, while everybody else goes on. What is asked of it waits.
   */
  pauseClient(client: AnyZooKeeper): void {
    this.#clients.pause(client)
  }

  /** It goes on, in time as it is by then, with all that has come meanwhile. */
  resumeClient(client: AnyZooKeeper): void {
    this.#clients.resume(client)
  }

  /** Clients that were isolated reach the server again. */
  heal(): void {
    this.#clients.heal()
  }

  /** Closes the clients, then the server. */
  async close(): Promise<void> {
    this.mendDisk()
    await this.#clients.closeAll()
    await this.stop()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
