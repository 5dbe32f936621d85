import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, it } from 'node:test'
import { createServer, type Server, type TLSSocket } from 'node:tls'
import { type TlsOptions, ZooKeeper } from '../../src/node/index.ts'
import { authority, firstClient, secondClient, serverCertificate } from '../support/certificates.ts'
import { refusalOf } from '../support/refusal.ts'
import { serveOver } from '../support/socket-server.ts'

let server: Server
let folder: string
/** The names in the certificates of the clients that came. */
let clients: unknown[]
let sockets: TLSSocket[]

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quorate-tls-'))
  server = createServer(
    { ...serverCertificate, ca: authority, requestCert: true, rejectUnauthorized: false },
    (socket) => {
      sockets.push(socket)
      clients.push(socket.getPeerCertificate().subject?.CN)
      serveOver(socket)
    },
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})
after(async () => {
  server.close()
  await rm(folder, { recursive: true })
})
beforeEach(() => {
  clients = []
  sockets = []
})

function client(tls: TlsOptions, host = '127.0.0.1'): ZooKeeper {
  const { port } = server.address() as AddressInfo
  return new ZooKeeper(`${host}:${port}`, { tls })
}

it('encrypts, and trusts an authority by its certificate', async () => {
  await using zk = client({ ca: authority })
  assert.equal(await zk.get('/a'), 'value of /a')
  assert.deepEqual(clients, [undefined])
})

it('shows its own certificate', async () => {
  await using zk = client({ ca: [authority], ...firstClient })
  assert.equal(await zk.get('/a'), 'value of /a')
  assert.deepEqual(clients, ['first'])
})

it('trusts nobody whom no authority of its own has signed', async () => {
  const { code } = await refusalOf(client({}))
  assert.equal(code, 'SELF_SIGNED_CERT_IN_CHAIN')
  assert.deepEqual(
    sockets.flatMap((socket) => socket.authorized),
    [],
  )
})

it('demands that the certificate names the host, if not told otherwise', async () => {
  const other = { ca: authority, servername: 'other.example' }
  const { code } = await refusalOf(client(other))
  assert.equal(code, 'ERR_TLS_CERT_ALTNAME_INVALID')
  await using lax = client({ ...other, verifyHostname: false })
  assert.equal(await lax.get('/a'), 'value of /a')
})

it('reads its files again at each dial', async () => {
  const files = { ca: join(folder, 'ca'), cert: join(folder, 'cert'), key: join(folder, 'key') }
  await writeFile(files.ca, authority)
  await writeFile(files.cert, firstClient.cert)
  await writeFile(files.key, firstClient.key)
  await using zk = client(files)
  await zk.get('/a')
  await writeFile(files.cert, secondClient.cert)
  await writeFile(files.key, secondClient.key)
  const isBack = new Promise<void>((resolve) => {
    zk.on('state', ({ state }) => {
      if (state === 'connected') resolve()
    })
  })
  sockets[0].destroy()
  await isBack
  assert.equal(await zk.get('/b'), 'value of /b')
  assert.deepEqual(clients, ['first', 'second'])
})

it('says which file it could not use', async () => {
  const missing = join(folder, 'missing')
  const { message } = await refusalOf(client({ ca: missing }))
  assert.match(message, /^the TLS options cannot be used: ENOENT.*missing/)
  const broken = { ca: authority, cert: '-----BEGIN nonsense', key: firstClient.key }
  assert.match((await refusalOf(client(broken))).message, /^the TLS options cannot be used: /)
})
