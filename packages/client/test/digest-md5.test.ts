import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import { utf8Encode } from '@quorate/protocol'
import { digestMd5, type SaslExchange } from '../src/index.ts'

const challenge =
  'realm="zk-sasl-md5",nonce="N0nce",charset=utf-8,algorithm=md5-sess,qop="auth-int,auth"'

function exchange(username: string, password: string): SaslExchange {
  return digestMd5({
    username,
    password,
    md5: (bytes) => createHash('md5').update(bytes).digest(),
    nonce: () => 'c1',
  })()
}

function answer(to: SaslExchange, text: string): string | undefined {
  const bytes = to.answer(utf8Encode(text))
  return bytes === undefined ? undefined : Buffer.from(bytes).toString()
}

function failing(text: string): () => void {
  return () => answer(exchange('bob', 'x'), text)
}

describe('the response', () => {
  it('names the user, the realm and the server, and proves the password', () => {
    assert.equal(
      answer(exchange('bob', 'secret'), challenge),
      'charset=utf-8,username="bob",realm="zk-sasl-md5",nonce="N0nce",nc=00000001,cnonce="c1",' +
        'digest-uri="zookeeper/zk-sasl-md5",maxbuf=65536,' +
        'response=85d03b6041cdd248e77a24fb0e750761,qop=auth',
    )
  })

  it('hashes names in ISO 8859-1 where that has their characters, and in UTF-8 elsewhere', () => {
    assert.match(
      answer(exchange('jürgen', 'pässword'), challenge)!,
      /username="jürgen".*response=6e70b62f47189389901ef3d5ec5db833/,
    )
    assert.match(
      answer(exchange('張', 'пароль'), challenge)!,
      /username="張".*response=02760c58efdc4450d2ba875520775a77/,
    )
  })

  it('quotes what needs it, and reads what is quoted', () => {
    const response = answer(
      exchange(String.raw`a"b\c`, 'x'),
      String.raw`nonce="q\"\\",realm="r\"1", realm="r2" ,algorithm=md5-sess`,
    )!
    assert.ok(response.startsWith(String.raw`username="a\"b\\c",realm="r\"1",nonce="q\"\\",`))
  })
})

describe('the exchange', () => {
  it('is over when the server proves that it knows the password', () => {
    const bob = exchange('bob', 'secret')
    answer(bob, challenge)
    assert.equal(answer(bob, 'rspauth=fd7ed5bc8c077736fc46f6750df79653'), undefined)
  })

  it('fails when the server proves nothing', () => {
    for (const proof of ['rspauth=85d03b6041cdd248e77a24fb0e750761', challenge, '']) {
      const bob = exchange('bob', 'secret')
      answer(bob, challenge)
      assert.throws(() => answer(bob, proof), /the server could not prove that it knows/)
    }
  })

  it('fails for challenges of other mechanisms and of other protections', () => {
    assert.throws(failing('nonce="N0nce",algorithm=md5'), /no nonce for the algorithm md5-sess/)
    assert.throws(failing('algorithm=md5-sess'), /no nonce for the algorithm/)
    assert.throws(failing('r=abc"def'), /its challenge is none of DIGEST-MD5: "r=abc\\"def"/)
    assert.throws(
      failing('nonce="n",algorithm=md5-sess,qop="auth-conf"'),
      /demands a protection \(auth-conf\)/,
    )
  })
})
