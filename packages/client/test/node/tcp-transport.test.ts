import assert from 'node:assert/strict'
import dns from 'node:dns'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { after, before, it, mock } from 'node:test'
import { ZooKeeper } from '../../src/node/index.ts'
import { refusalOf } from '../support/refusal.ts'
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
  const { code } = await refusalOf(new ZooKeeper(`127.0.0.1:${port}`))
  assert.equal(code, 'ECONNREFUSED')
})

it('resolves the name at each dial, so that a server may move', async () => {
  const moved = createServer((socket) => serveOver(socket))
  moved.listen((server.address() as AddressInfo).port, '127.0.0.2')
  await once(moved, 'listening')
  server.once('connection', (socket) => {
    serveOver(socket)
    addresses.shift()
    setImmediate(() => socket.destroy())
  })
  const addresses = ['127.0.0.1', '127.0.0.2']
  const asked: string[] = []
  const answer = (
    host: string,
    _: unknown,
    found: (error: null, addresses: readonly { address?: string; family: number }[]) => void,
  ): void => {
    asked.push(host)
    found(null, [{ address: addresses[0], family: 4 }])
  }
  const lookup = mock.method(dns, 'lookup', answer as unknown as typeof dns.lookup)
  const { port } = server.address() as AddressInfo
  const zk = new ZooKeeper(`zookeeper.example:${port}`)
  assert.equal(await zk.get('/a'), 'value of /a')
  await zk.close()
  lookup.mock.restore()
  moved.close()
  assert.deepEqual(asked, ['zookeeper.example', 'zookeeper.example'])
})
