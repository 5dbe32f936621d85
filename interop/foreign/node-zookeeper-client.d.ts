/** The parts of node-zookeeper-client that the tests use; the package has no types of its own. */
declare module 'node-zookeeper-client' {
  export interface Stat {
    readonly version: number
    readonly dataLength: number
    readonly numChildren: number
  }
  export class Event {
    readonly type: number
    readonly path: string
    static readonly NODE_CREATED: number
    static readonly NODE_DATA_CHANGED: number
    static readonly NODE_CHILDREN_CHANGED: number
  }
  export class Exception extends Error {
    readonly code: number
    static readonly NO_NODE: number
    static readonly NODE_EXISTS: number
    static readonly CONNECTION_LOSS: number
    static readonly BAD_VERSION: number
  }
  type Callback<T extends readonly unknown[]> = (error: Exception | null, ...results: T) => void
  export interface Transaction {
    create(path: string, data?: Buffer): this
    setData(path: string, data: Buffer, version?: number): this
    check(path: string, version?: number): this
    remove(path: string, version?: number): this
    commit(callback: Callback<[results: readonly unknown[]]>): void
  }
  export interface Client {
    connect(): void
    close(): void
    once(event: string, listener: () => void): void
    getSessionId(): Buffer
    create(path: string, data: Buffer, mode: number, callback: Callback<[path: string]>): void
    getData(
      path: string,
      watcher: (event: Event) => void,
      callback: Callback<[data: Buffer, stat: Stat]>,
    ): void
    getChildren(
      path: string,
      watcher: (event: Event) => void,
      callback: Callback<[children: string[], stat: Stat]>,
    ): void
    setData(path: string, data: Buffer, version: number, callback: Callback<[stat: Stat]>): void
    exists(path: string, callback: Callback<[stat: Stat | null]>): void
    remove(path: string, version: number, callback: Callback<[]>): void
    mkdirp(path: string, callback: Callback<[path: string]>): void
    transaction(): Transaction
  }
  export const CreateMode: {
    readonly PERSISTENT: number
    readonly EPHEMERAL: number
    readonly PERSISTENT_SEQUENTIAL: number
  }
  export function createClient(
    hosts: string,
    options?: { readonly sessionTimeout?: number; readonly retries?: number },
  ): Client
}
