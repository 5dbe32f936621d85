/** The node that a client sees as its root: translates between the client's paths and the server's. */
import { pathProblem } from '@quorate/protocol'
import type { NodePath } from './operations.ts'
import { ZooKeeperError } from './zookeeper-error.ts'

export class Chroot {
  readonly #prefix: string

  /** @param prefix a valid path but '/', or '' for none */
  constructor(prefix: string) {
    this.#prefix = prefix
  }

  /**
   * @param isPrefix the server appends a number, so the last component may be empty
   * @throws ZooKeeperError BadArguments for what is no path
   */
  resolve(path: string, isPrefix = false): NodePath {
    const problem =
      typeof path === 'string' ? pathProblem(isPrefix ? `${path}1` : path) : 'it is no string'
    if (problem !== undefined) {
      const message = `"${path}" cannot be a path because ${problem}. Write it as /parent/node.`
      throw new ZooKeeperError('BadArguments', { path, message })
    }
    return { server: this.toServer(path), client: path }
  }

  /** @throws ZooKeeperError BadArguments for what is no path */
  below(path: string): Chroot {
    const { server } = this.resolve(path)
    return new Chroot(server === '/' ? '' : server)
  }

  toServer(path: string): string {
    if (this.#prefix === '') return path
    return path === '/' ? this.#prefix : this.#prefix + path
  }

  /** Paths outside of the chroot, of which only system nodes are ever told, stay as they are. */
  toClient(path: string): string {
    if (this.#prefix === '') return path
    if (path === this.#prefix) return '/'
    return path.startsWith(`${this.#prefix}/`) ? path.slice(this.#prefix.length) : path
  }
}
