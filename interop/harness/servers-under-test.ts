/**
 * The servers that a parametrised test runs against. `INTEROP_SERVERS=apache` proves the test itself; both is
 * `apache,quorate`. The default is ours for programs of others, and both for our own client and recipes.
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

/** For programs of others, which work on Apache's servers by themselves. */
export const serversUnderTest: readonly ServerUnderTest[] = serversOr('quorate')

/** For our client and our recipes, which have to work on either. */
export const serversOfEitherKind: readonly ServerUnderTest[] = serversOr('apache,quorate')

function serversOr(fallback: string): readonly ServerUnderTest[] {
  return (process.env['INTEROP_SERVERS'] ?? fallback).split(',').map((name) => {
    const server = known[name]
    if (server === undefined)
      throw new Error(
        `INTEROP_SERVERS names ${name}; ${Object.keys(known).join(' and ')} are known`,
      )
    return server
  })
}
