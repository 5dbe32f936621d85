/** Certificates of the day, made by openssl: an authority, a server on the loopback interface, and clients. */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface CertificateFiles {
  readonly cert: string
  readonly key: string
  /** Both in one file, as the key store of a Java server takes them. */
  readonly store: string
}

export class CertificateAuthority {
  readonly #folder: string

  /** @param folder an empty one, for all the files */
  constructor(folder: string) {
    this.#folder = folder
    const subject = ['-subj', '/CN=authority', '-addext', 'basicConstraints=critical,CA:TRUE']
    this.#openssl(
      'req',
      '-x509',
      '-days',
      '2',
      ...newKey,
      this.#file('ca.key'),
      ...subject,
      '-out',
      this.cert,
    )
  }

  /** The authority's own certificate. */
  get cert(): string {
    return this.#file('ca.pem')
  }

  /** A certificate for clients, or for a server at 127.0.0.1. */
  issue(name: string): CertificateFiles {
    const files = {
      cert: this.#file(`${name}.pem`),
      key: this.#file(`${name}.key`),
      store: this.#file(`${name}-store.pem`),
    }
    const [request, extensions] = [this.#file('request.pem'), this.#file('extensions')]
    writeFileSync(extensions, 'subjectAltName=DNS:localhost,IP:127.0.0.1\n')
    this.#openssl('req', ...newKey, files.key, '-subj', `/CN=${name}`, '-out', request)
    const signer = ['-CA', this.cert, '-CAkey', this.#file('ca.key'), '-CAcreateserial']
    this.#openssl(
      'x509',
      '-req',
      '-in',
      request,
      ...signer,
      '-days',
      '2',
      '-extfile',
      extensions,
      '-out',
      files.cert,
    )
    writeFileSync(files.store, readFileSync(files.key, 'utf8') + readFileSync(files.cert, 'utf8'))
    return files
  }

  #openssl(...words: readonly string[]): void {
    execFileSync('openssl', words, { stdio: ['ignore', 'ignore', 'pipe'] })
  }

  #file(name: string): string {
    return join(this.#folder, name)
  }
}

/** A new key without a passphrase; the file's name follows. */
const newKey = ['-newkey', 'rsa:2048', '-nodes', '-keyout'] as const
