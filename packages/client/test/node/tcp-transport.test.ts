import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { after, before, it } from 'node:test'
import { ZooKeeper } from '../../src/node/index.ts'
import { FakeLink, replyFrame } from '../support/fake-world.ts'
import { dataBody } from '../support/records.ts'

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
  server.once('connection', (socket) => {
    // The far end of the fake link is the socket: what it "receives" is written out.
    const link = new FakeLink(
      { host: '', port: 0 },
      { opened() {}, closed() {}, received: (bytes) => socket.write(bytes) },
    )
    let isAccepted = false
    socket.on('data', (chunk) => {
      link.send(new Uint8Array(chunk))
      if (!isAccepted) {
        isAccepted = true
        link.accept()
        return
      }
      for (const { xid } of link.requests())
        link.receive(replyFrame(xid, { body: dataBody('grün') }))
    })
  })
  const zk = new ZooKeeper(address())
  assert.equal(await zk.get('/a'), 'grün')
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
