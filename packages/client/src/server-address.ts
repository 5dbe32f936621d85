/** Where a server is. */

/** One server as the connect string names it. The host is resolved at every dial, so that a server may move. */
export interface ServerAddress {
  readonly host: string
  readonly port: number
}
