/** Our client over TLS and with SASL, against Apache's server: ours does neither yet. */
import assert from 'node:assert/strict'
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type Acl, Perms, type TlsOptions, ZooKeeper } from '@quorate/client'
import { startApache } from '../harness/apache-server.ts'
import { CertificateAuthority } from '../harness/certificates.ts'
import { reservedPorts } from '../harness/reserved-ports.ts'
import type { ServerProcess } from '../harness/server-process.ts'

const timeout = 60_000

const jaas = `Server {
  org.apache.zookeeper.server.auth.DigestLoginModule required
  user_bob="secret"
  user_jürgen="pä\\"ss";
};
`
const ofBob: readonly Acl[] = [{ perms: Perms.all, id: { scheme: 'sasl', id: 'bob' } }]
const bob = { username: 'bob', password: 'secret' }

async function names(zk: ZooKeeper, scheme: string): Promise<readonly string[]> {
  return (await zk.whoAmI()).filter((info) => info.authScheme === scheme).map(({ user }) => user)
}

describe('our client against a secured Apache ZooKeeper', { timeout: 180_000 }, () => {
  let folder: string
  let authority: CertificateAuthority
  let server: ServerProcess
  let secureAddress: string

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'interop-security-'))
    authority = new CertificateAuthority(folder)
    const jaasFile = join(folder, 'jaas.conf')
    writeFileSync(jaasFile, jaas)
    const [securePort] = await reservedPorts(1)
    secureAddress = `127.0.0.1:${securePort}`
    server = await startApache({
      configuration: ['tickTime=500', `secureClientPort=${securePort}`],
      properties: {
        'zookeeper.serverCnxnFactory': 'org.apache.zookeeper.server.NettyServerCnxnFactory',
        'zookeeper.ssl.keyStore.location': authority.issue('server').store,
        'zookeeper.ssl.trustStore.location': authority.cert,
        'zookeeper.authProvider.1': 'org.apache.zookeeper.server.auth.SASLAuthenticationProvider',
        'java.security.auth.login.config': jaasFile,
        'file.encoding': 'UTF-8',
      },
    })
  })
  after(async () => {
    await server.dispose()
    rmSync(folder, { recursive: true, force: true })
  })

  function tlsOf(name: string): TlsOptions {
    const { cert, key } = authority.issue(name)
    return { ca: authority.cert, cert, key }
  }

  test('speaks TLS, and is known by its certificate', { timeout }, async () => {
    await using zk = new ZooKeeper(secureAddress, { tls: tlsOf('alice') })
    await zk.create('/tls', 'over TLS')
    assert.equal(await zk.get('/tls'), 'over TLS')
    assert.deepEqual(await names(zk, 'x509'), ['CN=alice'])
    const values = Array.from({ length: 200 }, (_, i) => 'x'.repeat(i * 50))
    await Promise.all(values.map((value, i) => zk.create(`/tls/${i}`, value)))
    assert.deepEqual(await Promise.all(values.map((_, i) => zk.get(`/tls/${i}`))), values)
  })

  test('without a certificate is not let in', { timeout }, async () => {
    const tls = { ca: authority.cert }
    await using zk = new ZooKeeper(secureAddress, { tls, timeout: 1000 })
    await assert.rejects(zk.get('/'), { code: 'ConnectionLoss' })
  })

  test('uses the certificate that lies there when it dials', { timeout }, async () => {
    const tls = tlsOf('renewed')
    await using zk = new ZooKeeper(secureAddress, { tls, timeout: 20_000 })
    assert.deepEqual(await names(zk, 'x509'), ['CN=renewed'])
    const next = authority.issue('next')
    copyFileSync(next.cert, tls.cert as string)
    copyFileSync(next.key, tls.key as string)
    const { sessionId } = zk
    await server.kill()
    await server.restart()
    assert.deepEqual(await names(zk, 'x509'), ['CN=next'])
    assert.equal(zk.sessionId, sessionId)
  })

  test('proves by DIGEST-MD5 who it is, on each connection', { timeout }, async () => {
    await using zk = new ZooKeeper(server.address, { sasl: bob, timeout: 20_000 })
    await zk.create('/bob', 'mine', { acl: ofBob })
    assert.equal(await zk.get('/bob'), 'mine')
    await using stranger = new ZooKeeper(server.address)
    await assert.rejects(stranger.get('/bob'), { code: 'NoAuth' })
    await server.kill()
    await server.restart()
    assert.equal(await zk.get('/bob'), 'mine')
  })

  test('proves it over TLS, too, and in any characters', { timeout }, async () => {
    const sasl = { username: 'jürgen', password: 'pä"ss' }
    await using zk = new ZooKeeper(secureAddress, { sasl, tls: tlsOf('laptop') })
    assert.deepEqual(await names(zk, 'sasl'), ['jürgen'])
    await assert.rejects(zk.get('/bob'), { code: 'NoAuth' })
  })

  test('is told at once that its password is wrong', { timeout }, async () => {
    await using zk = new ZooKeeper(server.address, { sasl: { ...bob, password: 'guess' } })
    await assert.rejects(zk.get('/'), { code: 'AuthFailed', applied: 'no' })
    const sasl = { username: 'nobody', password: 'guess' }
    await using nobody = new ZooKeeper(server.address, { sasl })
    await assert.rejects(nobody.get('/'), { code: 'AuthFailed' })
  })

  test('does not pass as a stranger where no SASL is done', { timeout }, async () => {
    const plain = await startApache()
    try {
      await using zk = new ZooKeeper(plain.address, { sasl: bob })
      await assert.rejects(zk.get('/'), (error: { code: string; cause: Error }) => {
        assert.equal(error.code, 'AuthFailed')
        assert.match(error.cause.message, /the server does no SASL/)
        return true
      })
    } finally {
      await plain.dispose()
    }
  })
})
