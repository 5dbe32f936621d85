/** The client for Node: everything of the plain room, with a ZooKeeper that speaks TCP, or TLS, and knows SASL. */
import { createHash, randomBytes } from 'node:crypto'
import { digestMd5 } from '../digest-md5.ts'
import {
  type ClientCodec,
  ZooKeeper as PlainZooKeeper,
  type ZooKeeperOptions as PlainOptions,
} from '../index.ts'
import type { SaslMechanism } from '../sasl.ts'
import type { World } from '../world.ts'
import { nodeWorld } from './node-world.ts'
import { type TlsOptions, tlsTransport } from './tls-transport.ts'

export * from '../index.ts'
export { type CallMessage, diagnosticsTracer } from './diagnostics-tracer.ts'
export { nodeWorld } from './node-world.ts'
export { type OpenTelemetryApi, type OpenTelemetrySpan, traceCalls } from './opentelemetry.ts'
export { type TlsOptions, type TlsSource, tlsTransport } from './tls-transport.ts'

/** A user and a password of the servers' JAAS configuration; the mechanism is DIGEST-MD5. */
export interface SaslCredentials {
  readonly username: string
  readonly password: string
}

export interface ZooKeeperOptions<C extends ClientCodec> extends Omit<PlainOptions<C>, 'sasl'> {
  /** Encrypt the connections, to the servers' secure client port; `{}` trusts the authorities that Node trusts. */
  readonly tls?: TlsOptions
  /** Prove who the client is on each connection, before anything else. A mechanism of one's own will do, too. */
  readonly sasl?: SaslCredentials | SaslMechanism
}

/**
 * A client of the ensemble at `host1:2181,host2:2181/chroot`. It connects when the first call is made.
 *
 *     const zk = new ZooKeeper('localhost:2181')
 *     await zk.create('/config', 'initial_value', { ephemeral: true })
 *     const value = await zk.get('/config', { watch: true })
 */
export class ZooKeeper<C extends ClientCodec = 'utf8'> extends PlainZooKeeper<C> {
  constructor(connectString: string, options: ZooKeeperOptions<C> = {}) {
    const { tls, sasl, ...plain } = options
    super(
      connectString,
      { ...plain, ...(sasl === undefined ? {} : { sasl: mechanismOf(sasl) }) },
      tls === undefined ? nodeWorld : worldOverTls(tls),
    )
  }
}

function worldOverTls(options: TlsOptions): World {
  return { ...nodeWorld, transport: tlsTransport(options) }
}

function mechanismOf(sasl: SaslCredentials | SaslMechanism): SaslMechanism {
  if (typeof sasl === 'function') return sasl
  return digestMd5({
    ...sasl,
    md5: (bytes) => new Uint8Array(createHash('md5').update(bytes).digest()),
    nonce: () => randomBytes(24).toString('hex'),
  })
}
