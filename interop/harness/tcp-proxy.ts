/** A way to a server that can be cut, and that can swallow what the server says. */
import { once } from 'node:events'
import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net'

export class TcpProxy {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #answers: (() => void)[] = []

  private constructor(server: Server) {
    this.#server = server
  }

  static async start(port: number): Promise<TcpProxy> {
    const server = createServer()
    const proxy = new TcpProxy(server)
    server.on('connection', (near) => {
      const far = connect(port, '127.0.0.1')
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        proxy.#sockets.add(from)
        from.pipe(to)
        from.on('error', () => {})
        from.on('close', () => to.destroy())
      }
      proxy.#answers.push(() => far.unpipe(near))
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return proxy
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** What the server says from now on never arrives. */
  swallowAnswers(): void {
    for (const swallow of this.#answers) swallow()
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy()
    this.#sockets.clear()
  }

  close(): void {
    this.#server.close()
    this.cut()
  }
}
