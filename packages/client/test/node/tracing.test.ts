import assert from 'node:assert/strict'
import { channel, tracingChannel } from 'node:diagnostics_channel'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import { startServer, type TestServer } from '@quorate/testkit'
import {
  type CallMessage,
  diagnosticsTracer,
  type OpenTelemetrySpan,
  traceCalls,
  type TracedConnection,
  type TracedState,
  ZooKeeper,
} from '../../src/node/index.ts'

let server: TestServer
let zk: ZooKeeper

before(async () => {
  server = await startServer()
})
after(() => server.close())
beforeEach(() => {
  zk = new ZooKeeper(server.connectString)
})
afterEach(() => zk.close())

describe('the channels of calls', () => {
  it('tell the making, the error and the end of each call, with one message', async () => {
    const seen: unknown[] = []
    const messages = new Set<unknown>()
    const tell =
      (name: string) =>
      (message: unknown): void => {
        const { op, path, error } = message as CallMessage
        messages.add(message)
        seen.push([name, op, path, error?.code])
      }
    const subscriber = {
      start: tell('start'),
      end: tell('end'),
      error: tell('error'),
      asyncStart: tell('asyncStart'),
      asyncEnd: tell('asyncEnd'),
    }
    await zk.exists('/')
    const calls = tracingChannel('quorate.client.call')
    calls.subscribe(subscriber)
    await assert.rejects(zk.get('/none'), { code: 'NoNode' })
    calls.unsubscribe(subscriber)
    await zk.exists('/')
    assert.deepEqual(seen, [
      ['start', 'getData', '/none', undefined],
      ['end', 'getData', '/none', undefined],
      ['error', 'getData', '/none', 'NoNode'],
      ['asyncStart', 'getData', '/none', 'NoNode'],
      ['asyncEnd', 'getData', '/none', 'NoNode'],
    ])
    const [message] = messages as Set<CallMessage>
    assert.equal(messages.size, 1)
    assert.deepEqual([message?.sessionId, message?.server?.port], [zk.sessionId, server.port])
  })

  it('are silent, and cost nothing but a look, while nobody listens', () => {
    assert.equal(diagnosticsTracer.isActive, false)
  })
})

describe('the channels of connections and states', () => {
  it('tell how a session comes and goes', async () => {
    const seen: string[] = []
    const connection = (message: unknown): void =>
      void seen.push(`connection ${(message as TracedConnection).type}`)
    const state = (message: unknown): void => void seen.push((message as TracedState).state)
    channel('quorate.client.connection').subscribe(connection)
    channel('quorate.client.state').subscribe(state)
    await zk.exists('/')
    await zk.close()
    channel('quorate.client.connection').unsubscribe(connection)
    channel('quorate.client.state').unsubscribe(state)
    assert.deepEqual(seen, [
      'connecting',
      'connection dialing',
      'connection connected',
      'connected',
      'closed',
    ])
  })
})

describe('the bridge to OpenTelemetry', () => {
  it('makes a span of each call until it is stopped', async () => {
    const seen: unknown[] = []
    const span: OpenTelemetrySpan = {
      setAttribute: (name, value) => seen.push([name, value]),
      recordException: ({ message }) => seen.push(message),
      setStatus: ({ code }) => seen.push(['status', code]),
      end: () => seen.push('end'),
    }
    const tracer = {
      startSpan: (name: string, { attributes }: { readonly attributes: object }) => {
        seen.push(name, attributes)
        return span
      },
    }
    await zk.exists('/')
    const stop = traceCalls({ trace: { getTracer: () => tracer } })
    await assert.rejects(zk.get('/none'), { code: 'NoNode' })
    await zk.exists('/')
    stop()
    await zk.exists('/')
    const attributes = {
      'db.system.name': 'zookeeper',
      'server.address': '127.0.0.1',
      'server.port': server.port,
    }
    assert.deepEqual(seen, [
      'zookeeper getData',
      { ...attributes, 'db.operation.name': 'getData', 'zookeeper.path': '/none' },
      ['error.type', 'NoNode'],
      'NoNode: /none does not exist (for a create: its parent does not).',
      ['status', 2],
      'end',
      'zookeeper exists',
      { ...attributes, 'db.operation.name': 'exists', 'zookeeper.path': '/' },
      'end',
    ])
  })
})
