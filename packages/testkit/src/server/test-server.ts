/**
 * A server alone in the process of a test, on a port of its own: the very server that `quorate server` runs, on data in memory.
 *
 * 1. It keeps its address and its data from start to end, whatever happens to it in between.
 * 2. When it is disposed of, its clients are closed first; nothing of it is left in the process then.
 */
import { type CodecChoice, nodeWorld, type ZooKeeper } from '@quorate/client'
import type { ZooKeeperOptions } from '@quorate/client/core'
import { type LogSink, Server } from '@quorate/server'
import { type AnyZooKeeper, TestClients } from '../client/test-clients.ts'
import { endSession, type Expirable, sessionIdOf } from '../client/session-ender.ts'
import { MemoryMachine } from '../disk/memory-machine.ts'
import { type Settings, serverConfig } from './server-settings.ts'

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
 */
export async function startServer(options: StartServerOptions = {}): Promise<TestServer> {
  return await TestServer.start(options)
}

const silence: LogSink = { write() {} }

export class TestServer implements AsyncDisposable {
  readonly #clients = new TestClients(nodeWorld)
  readonly #address: { readonly host: string; readonly port: number }
  readonly #server: Server

  static async start(options: StartServerOptions): Promise<TestServer> {
    const { settings = {}, port = 0, log = silence } = options
    const machine = new MemoryMachine()
    const config = serverConfig({ dataDirectory: '/data', port, settings })
    return new TestServer(await Server.start({ config, log, machine }))
  }

  private constructor(server: Server) {
    this.#server = server
    this.#address = { host: server.address, port: server.port }
  }

  /** What a client connects to: `127.0.0.1:40001`. */
  get connectString(): string {
    return `${this.#address.host}:${this.#address.port}`
  }

  get port(): number {
    return this.#address.port
  }

  /** A connected client, which is closed with the server if not before. Takes the options of `new ZooKeeper`. */
  client<C extends CodecChoice = 'utf8'>(options: ZooKeeperOptions<C> = {}): Promise<ZooKeeper<C>> {
    return this.#clients.connect(this.connectString, options)
  }

  /**
   * Ends a session as if it had timed out: its ephemeral nodes are gone when this resolves, and its owner hears of it as soon as it
   * is connected again.
   * @param session a client that has one, also one that this kit did not make
   */
  async expire(session: Expirable): Promise<void> {
    await endSession(nodeWorld, [this.#address], sessionIdOf(session))
  }

  /** Breaks the connections of one client that `client()` made, or of all of them; they may connect again at once. */
  cutConnections(client?: AnyZooKeeper): void {
    if (client === undefined) this.#clients.cutAll()
    else this.#clients.cut(client)
  }

  /** Closes the clients, then the server. */
  async close(): Promise<void> {
    await this.#clients.closeAll()
    await this.#server.stop()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
