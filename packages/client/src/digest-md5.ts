/**
 * The SASL mechanism DIGEST-MD5 (RFC 2831) as ZooKeeper's servers speak it: authentication alone, without a layer of
 * its own for what follows. Both sides prove that they know the password, and neither sends it.
 *
 * MD5 protects nobody who listens on the line from guesses: use it over TLS.
 */
import { utf8Decode, utf8Encode } from '@quorate/protocol'
import type { SaslExchange, SaslMechanism } from './sasl.ts'

export interface DigestMd5Options {
  readonly username: string
  readonly password: string
  /** 16 bytes for all of `bytes`. */
  readonly md5: (bytes: Uint8Array) => Uint8Array
  /** Text that nobody can foresee, of characters that need no quoting: another at each call. */
  readonly nonce: () => string
}

/** What every ZooKeeper server is called in the exchange, wherever it runs. */
const digestUri = 'zookeeper/zk-sasl-md5'
const nonceCount = '00000001'

export function digestMd5(options: DigestMd5Options): SaslMechanism {
  return () => new DigestMd5Exchange(options)
}

class DigestMd5Exchange implements SaslExchange {
  readonly #options: DigestMd5Options
  /** What the server has to answer to our response; undefined until that was made. */
  #proof: string | undefined

  constructor(options: DigestMd5Options) {
    this.#options = options
  }

  answer(challenge: Uint8Array): Uint8Array | undefined {
    const directives = parseDirectives(utf8Decode(challenge))
    if (this.#proof === undefined) return this.#respond(directives)
    if (directives.get('rspauth') !== this.#proof)
      throw new Error('the server could not prove that it knows the password')
    return undefined
  }

  #respond(directives: ReadonlyMap<string, string>): Uint8Array {
    const { username, nonce: newNonce } = this.#options
    const nonce = nonceOf(directives)
    const qops = (directives.get('qop') ?? 'auth').split(',').map((qop) => qop.trim())
    if (!qops.includes('auth'))
      throw new Error(`the server demands a protection (${qops.join(', ')}) and not "auth" alone`)
    const realm = directives.get('realm') ?? ''
    const cnonce = newNonce()
    const secret = this.#secret({ realm, nonce, cnonce })
    const digest = (prefix: string): string => {
      const ha2 = this.#hex(utf8Encode(`${prefix}:${digestUri}`))
      return this.#hex(utf8Encode(`${secret}:${nonce}:${nonceCount}:${cnonce}:auth:${ha2}`))
    }
    this.#proof = digest('')
    const response = [
      directives.get('charset') === 'utf-8' ? 'charset=utf-8' : '',
      `username=${quoted(username)}`,
      directives.has('realm') ? `realm=${quoted(realm)}` : '',
      `nonce=${quoted(nonce)}`,
      `nc=${nonceCount}`,
      `cnonce=${quoted(cnonce)}`,
      `digest-uri=${quoted(digestUri)}`,
      'maxbuf=65536',
      `response=${digest('AUTHENTICATE')}`,
      'qop=auth',
    ]
    return utf8Encode(response.filter((directive) => directive !== '').join(','))
  }

  /** H(A1) in hexadecimal digits. */
  #secret({
    realm,
    nonce,
    cnonce,
  }: Readonly<Record<'realm' | 'nonce' | 'cnonce', string>>): string {
    const { username, password, md5 } = this.#options
    const user = [username, realm, password].map((part) => hashedText(part))
    const key = md5(joined([user[0]!, colon, user[1]!, colon, user[2]!]))
    return this.#hex(joined([key, utf8Encode(`:${nonce}:${cnonce}`)]))
  }

  #hex(bytes: Uint8Array): string {
    return Array.from(this.#options.md5(bytes), (byte) => byte.toString(16).padStart(2, '0')).join(
      '',
    )
  }
}

const colon = new Uint8Array([0x3a])

/** As the RFC hashes names and passwords: in ISO 8859-1 where that has all of the characters, otherwise in UTF-8. */
function hashedText(text: string): Uint8Array {
  const codes = Array.from({ length: text.length }, (_, i) => text.charCodeAt(i))
  return codes.every((code) => code <= 0xff) ? new Uint8Array(codes) : utf8Encode(text)
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

/**
 * `name=value` and `name="value"`, with commas between them. Of a name that comes twice (a server may offer several
 * realms) the first value counts.
 */
function parseDirectives(text: string): ReadonlyMap<string, string> {
  const directives = new Map<string, string>()
  const directive = /[,\s]*([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^,\s"]*))\s*(?=,|$)/gy
  while (directive.lastIndex < text.length) {
    const match = directive.exec(text)
    if (match === null)
      throw new Error(`its challenge is none of DIGEST-MD5: ${JSON.stringify(text)}`)
    const name = match[1]!.toLowerCase()
    const value = match[2]?.replaceAll(/\\(.)/g, '$1') ?? match[3]!
    if (!directives.has(name)) directives.set(name, value)
  }
  return directives
}

function nonceOf(directives: ReadonlyMap<string, string>): string {
  const nonce = directives.get('nonce')
  const algorithm = directives.get('algorithm')
  if (nonce === undefined || algorithm !== 'md5-sess')
    throw new Error('its challenge has no nonce for the algorithm md5-sess')
  return nonce
}

function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`
}
