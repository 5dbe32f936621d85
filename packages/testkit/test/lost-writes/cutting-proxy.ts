/**
 * Stands between clients and a server on loopback, and cuts each connection behind a byte that chance chose, in the one direction or
 * the other: what came before it has arrived, and nothing after it will.
 */
import { connect, createServer, type Server, type Socket } from 'node:net'
import { once } from 'node:events'

export interface CutPlan {
  /** Of a connection: how many bytes of which direction go through. Undefined: all. */
  next(): { readonly direction: 'toServer' | 'toClient'; readonly bytes: number } | undefined
}

export class CuttingProxy implements AsyncDisposable {
  /** Connections that were cut where the plan said. */
  cutCount = 0
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  static async start(targetPort: number, plan: CutPlan): Promise<CuttingProxy> {
    const proxy = new CuttingProxy(targetPort, plan)
    proxy.#server.listen(0, '127.0.0.1')
    await once(proxy.#server, 'listening')
    return proxy
  }

  private constructor(targetPort: number, plan: CutPlan) {
    this.#server = createServer((client) => this.#join(client, targetPort, plan))
  }

  get port(): number {
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('it does not listen')
    return address.port
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
    await once(this.#server, 'close')
  }

  #join(client: Socket, port: number, plan: CutPlan): void {
    const server = connect(port, '127.0.0.1')
    const cut = plan.next()
    const end = (): void => {
      for (const socket of [client, server]) {
        socket.destroy()
        this.#sockets.delete(socket)
      }
    }
    const forward = (from: Socket, to: Socket, direction: string): void => {
      let left = cut?.direction === direction ? cut.bytes : Infinity
      from.on('data', (bytes) => {
        if (left <= 0) return
        if (bytes.length < left) {
          left -= bytes.length
          to.write(bytes)
          return
        }
        // The peer gets this part before the end of the connection.
        this.cutCount++
        to.end(bytes.subarray(0, left))
        left = 0
        from.destroy()
      })
      from.on('close', () => to.destroySoon())
      from.on('error', end)
    }
    for (const socket of [client, server]) this.#sockets.add(socket.setNoDelay(true))
    forward(client, server, 'toServer')
    forward(server, client, 'toClient')
  }
}
