import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { after, before, it } from 'node:test'
import { ZooKeeper } from '../../src/node/index.ts'
import { serveOver } from '../support/socket-server.ts'

let server: Server

before(async () => {
  server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})

after(() => server.close())

function address(): string {
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

it('speaks over a socket, and closes it', async () => {
  server.once('connection', serveOver)
  const zk = new ZooKeeper(address())
  assert.equal(await zk.get('/grün'), 'value of /grün')
  await zk.close()
  assert.equal(zk.state, 'closed')
})

it('tells why no server could be reached', async () => {
  const unused = createServer().listen(0, '127.0.0.1')
  await once(unused, 'listening')
  const { port } = unused.address() as AddressInfo
  unused.close()
  await once(unused, 'close')
  const zk = new ZooKeeper(`127.0.0.1:${port}`, { timeout: 300 })
  await assert.rejects(zk.get('/a'), (error: { code: string; cause: { code: string } }) => {
    assert.equal(error.code, 'ConnectionLoss')
    assert.equal(error.cause.code, 'ECONNREFUSED')
    return true
  })
  assert.equal(zk.state, 'idle')
})
