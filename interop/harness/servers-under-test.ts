/**
 * The servers that a parametrised test runs against. `INTEROP_SERVERS=apache` proves the test itself; both is
 * `apache,quorate`; the default is ours.
 */
import { startApache } from './apache-server.ts'
import { startQuorate } from './quorate-server.ts'
import type { ServerOptions, ServerProcess } from './server-process.ts'

export interface ServerUnderTest {
  readonly name: string
  start(options?: ServerOptions): Promise<ServerProcess>
}

const known: Readonly<Record<string, ServerUnderTest>> = {
  apache: { name: 'Apache ZooKeeper', start: startApache },
  quorate: { name: 'Quorate', start: startQuorate },
}

export const serversUnderTest: readonly ServerUnderTest[] = (
  process.env['INTEROP_SERVERS'] ?? 'quorate'
)
  .split(',')
  .map((name) => {
    const server = known[name]
    if (server === undefined)
      throw new Error(
        `INTEROP_SERVERS names ${name}; ${Object.keys(known).join(' and ')} are known`,
      )
    return server
  })
