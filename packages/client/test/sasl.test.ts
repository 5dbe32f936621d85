import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import { encode, OpCode, saslToken, utf8Encode } from '@quorate/protocol'
import { type SaslExchange, type StateChange, ZooKeeper } from '../src/index.ts'
import { FakeWorld } from './support/fake-world.ts'
import { dataBody } from './support/records.ts'

const timeout = 30_000

let world: FakeWorld
let zk: ZooKeeper
let states: StateChange['state'][]
let exchanges: number

/** Answers a challenge by its own text and ends with "done". */
function mechanism(): SaslExchange {
  exchanges++
  return {
    answer(challenge) {
      const text = Buffer.from(challenge).toString()
      if (text === 'impostor') throw new Error('the server could not prove who it is')
      return text === 'done' ? undefined : utf8Encode(`answer to ${text}`)
    },
  }
}

beforeEach(() => {
  world = new FakeWorld()
  exchanges = 0
  zk = new ZooKeeper('a:1', { timeout, sasl: mechanism }, world)
  states = []
  zk.on('state', ({ state }) => states.push(state))
})

/** The server's turn: looks at the token that came, and answers with one of its own. */
async function tokenAnswered(token: string | null, err = 0): Promise<string> {
  await world.settle()
  const [request, ...more] = world.lastLink.requests()
  assert.deepEqual([request.type, more], [OpCode.sasl, []])
  const seen = Buffer.from(request.body(saslToken).token!).toString()
  const body = encode(saslToken, { token: token === null ? null : utf8Encode(token) })
  world.lastLink.reply(request.xid, { err, body })
  await world.settle()
  return seen
}

async function authenticated(): Promise<void> {
  assert.equal(await tokenAnswered('first'), '')
  assert.equal(await tokenAnswered('done'), 'answer to first')
}

describe('a client with SASL', () => {
  it('proves who it is before it sends anything else', async () => {
    const value = zk.get('/a')
    world.lastLink.accept()
    await authenticated()
    assert.deepEqual(states, ['connecting', 'connected'])
    const [get] = world.lastLink.requests()
    world.lastLink.reply(get.xid, { body: dataBody('x') })
    assert.equal(await value, 'x')
  })

  it('proves it again on each connection', async () => {
    zk.connect()
    world.lastLink.accept()
    await authenticated()
    world.lastLink.break()
    await world.advance(1000)
    world.lastLink.accept()
    assert.deepEqual(states, ['connecting', 'connected', 'disconnected'])
    await authenticated()
    assert.equal(exchanges, 2)
    assert.equal(states.at(-1), 'connected')
  })

  it('is told at once when the server refuses it, and tries again', async () => {
    const refused = assert.rejects(zk.get('/a'), (error: { code: string; cause: Error }) => {
      assert.equal(error.code, 'AuthFailed')
      assert.match(error.cause.message, /Check the user name and the password/)
      return true
    })
    world.lastLink.accept()
    await tokenAnswered('first')
    await tokenAnswered(null, -115)
    await refused
    assert.ok(world.links[0].isClosed)

    await world.advance(1000)
    assert.equal(world.lastLink.accept().sessionId, 0n)
    await authenticated()
    assert.equal(zk.state, 'connected')
  })

  it('serves no server that does no SASL, or that cannot prove who it is', async () => {
    for (const [token, message] of [
      [null, /^AuthFailed: the SASL exchange with the server failed: the server does no SASL/],
      ['impostor', /could not prove who it is\.$/],
    ] as const) {
      const refused = assert.rejects(zk.get('/a'), (error: { code: string; cause: Error }) => {
        assert.equal(error.code, 'AuthFailed')
        assert.match(error.cause.message, message)
        return true
      })
      await world.advance(1000)
      world.lastLink.accept()
      await tokenAnswered(token)
      await refused
    }
  })

  it('keeps a session that it had while a server refuses it', async () => {
    zk.connect()
    world.lastLink.accept()
    await authenticated()
    const value = zk.get('/a')
    await world.settle()
    world.lastLink.requests()
    world.lastLink.break()
    await world.advance(1000)
    world.lastLink.accept()
    await tokenAnswered(null, -115)
    assert.equal(zk.state, 'disconnected')
    await world.advance(1000)
    assert.equal(world.lastLink.accept().sessionId, 0x1234n)
    await authenticated()
    const [get] = world.lastLink.requests()
    world.lastLink.reply(get.xid, { body: dataBody('x') })
    assert.equal(await value, 'x')
  })

  it('leaves a server that never ends the exchange', async () => {
    zk.connect()
    world.lastLink.accept()
    await world.advance(timeout / 3)
    assert.ok(world.links[0].isClosed)
    await world.advance(1000)
    assert.equal(world.links.length, 2)
  })
})
