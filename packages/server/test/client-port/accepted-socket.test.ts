import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, describe, it } from 'node:test'
import { SocketAcceptor } from '../../src/client-port/accepted-socket.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

async function listening(): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer({ pauseOnConnect: true })
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { server, port: (server.address() as AddressInfo).port }
}

/** Sends bytes back, and stops when the peer does. */
function echo(socket: Socket) {
  return (bytes: Uint8Array, end: number): void =>
    void socket.write(Buffer.from(bytes.subarray(0, end)))
}

async function exchange(port: number): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.end('hello')
  let text = ''
  for await (const chunk of socket) text += String(chunk)
  return text
}

describe('SocketAcceptor', () => {
  it('reads into one buffer where the runtime lets it', async () => {
    const { server, port } = await listening()
    const acceptor = new SocketAcceptor(echo, () => assert.fail('nothing fails here'))
    assert.equal(acceptor.attach(server), 'sharedBuffer')
    assert.equal(await exchange(port), 'hello')
  })

  it('reads from streams elsewhere', async () => {
    const { server, port } = await listening()
    const acceptor = new SocketAcceptor(echo, () => assert.fail('nothing fails here'))
    // A server whose handle is out of reach, as other runtimes have it.
    const opaque = new Proxy(server, {
      get: (target, name) => {
        const value: unknown = name === '_handle' ? undefined : Reflect.get(target, name)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
    assert.equal(acceptor.attach(opaque), 'streams')
    assert.equal(await exchange(port), 'hello')
  })
})
