/**
 * Links that are encrypted, and whose servers (and clients, if they have a certificate) prove who they are.
 *
 * What is given as a file is read at each dial: a certificate that was renewed is used from the next connection on,
 * without a restart. A dial whose files cannot be read or used fails, and the next one tries them again.
 */
import { readFile } from 'node:fs/promises'
import { connect, type ConnectionOptions } from 'node:tls'
import { socketLink } from './socket-link.ts'
import type { Link, LinkListener, ServerAddress, Transport } from '../world.ts'

/** PEM text, the bytes of a file, or the path of one: text without `-----BEGIN` is a path. */
export type TlsSource = string | Uint8Array

export interface TlsOptions {
  /** Certificates of the authorities, or of the servers themselves, to trust. Default: those that Node trusts. */
  readonly ca?: TlsSource | readonly TlsSource[]
  /** The client's certificate, with those of authorities in between behind it. */
  readonly cert?: TlsSource
  /** The private key of `cert`. */
  readonly key?: TlsSource
  /** Certificate and key in one, as PKCS #12 (`.p12`, `.pfx`). */
  readonly pfx?: TlsSource
  /** Decrypts `key` or `pfx`. */
  readonly passphrase?: string
  /** The name that the server's certificate must have. Default: the host of the connect string. */
  readonly servername?: string
  /** Whether the certificate must name the host; that an authority has signed it is always demanded. Default true. */
  readonly verifyHostname?: boolean
  /** Default: Node's, which is TLS 1.2. */
  readonly minVersion?: 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3'
}

export function tlsTransport(options: TlsOptions): Transport {
  return { dial: (address, listener) => new TlsLink(options, address, listener) }
}

/** Reads its files first; until then there is no socket. */
class TlsLink implements Link {
  readonly #listener: LinkListener
  #link: Link | undefined
  #isClosed = false

  constructor(options: TlsOptions, address: ServerAddress, listener: LinkListener) {
    this.#listener = listener
    void this.#open(options, address)
  }

  send(bytes: Uint8Array): void {
    this.#link?.send(bytes)
  }

  close(): void {
    this.#isClosed = true
    this.#link?.close()
  }

  async #open(options: TlsOptions, address: ServerAddress): Promise<void> {
    try {
      const ready = await dialOptions(options, address)
      if (this.#isClosed) return
      this.#link = socketLink(connect(ready).setNoDelay(), 'secureConnect', this.#listener)
    } catch (cause) {
      if (!this.#isClosed)
        this.#listener.closed(
          new Error(`the TLS options cannot be used: ${(cause as Error).message}`, { cause }),
        )
    }
  }
}

async function dialOptions(
  options: TlsOptions,
  { host, port }: ServerAddress,
): Promise<ConnectionOptions> {
  const { ca, cert, key, pfx, passphrase, servername, minVersion } = options
  return {
    host,
    port,
    ...(ca === undefined ? {} : { ca: await loadAll(ca) }),
    ...(cert === undefined ? {} : { cert: await load(cert) }),
    ...(key === undefined ? {} : { key: await load(key) }),
    ...(pfx === undefined ? {} : { pfx: await load(pfx) }),
    ...(passphrase === undefined ? {} : { passphrase }),
    ...(servername === undefined ? {} : { servername }),
    ...(minVersion === undefined ? {} : { minVersion }),
    ...(options.verifyHostname === false ? { checkServerIdentity: () => undefined } : {}),
  }
}

function loadAll(sources: TlsSource | readonly TlsSource[]): Promise<Buffer[]> {
  const all = typeof sources === 'string' || sources instanceof Uint8Array ? [sources] : sources
  return Promise.all(all.map(load))
}

async function load(source: TlsSource): Promise<Buffer> {
  if (typeof source !== 'string') return Buffer.from(source)
  return source.includes('-----BEGIN') ? Buffer.from(source) : readFile(source)
}
