/**
 * Finds ports of the loopback interface that nobody listens on. A port that was found stays occupied until `release`,
 * so that no port is found twice.
 */
import { createServer, type Server } from 'node:net'

export const loopback = '127.0.0.1'

export class PortChoice {
  readonly #holders: Server[] = []

  /** @returns whether the port was free */
  async take(port: number): Promise<boolean> {
    return (await this.#hold(port)) !== undefined
  }

  /** @returns the preferred port when it is free, otherwise one that the system chooses */
  async takeAny(preferred: number): Promise<number> {
    const port = (await this.#hold(preferred)) ?? (await this.#hold(0))
    if (port === undefined) throw new Error(`no port of ${loopback} is free`)
    return port
  }

  async release(): Promise<void> {
    const closed = this.#holders
      .splice(0)
      .map((holder) => new Promise((resolve) => holder.close(resolve)))
    await Promise.all(closed)
  }

  /** @throws Error when the port may not be used, for another reason than that it is in use */
  #hold(port: number): Promise<number | undefined> {
    return new Promise((resolve, reject) => {
      const holder = createServer()
      holder.once('error', (error: NodeJS.ErrnoException) => {
        if (error.code === 'EADDRINUSE') resolve(undefined)
        else reject(error)
      })
      holder.listen({ port, host: loopback, exclusive: true }, () => {
        this.#holders.push(holder)
        const address = holder.address()
        resolve(address !== null && typeof address === 'object' ? address.port : undefined)
      })
    })
  }
}
