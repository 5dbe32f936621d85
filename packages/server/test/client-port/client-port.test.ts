import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, describe, it } from 'node:test'
import {
  ClientPort,
  type ClientPortHandler,
  type ClientPortOptions,
} from '../../src/client-port/client-port.ts'
import type { ConnectionThrottleOptions } from '../../src/client-port/connection-throttle.ts'
import type { SocketLink } from '../../src/client-port/socket-link.ts'

/** Stands for the replica: remembers what a link handed over, and lets a test look at it when it has come. */
class Recorder implements ClientPortHandler<Recording> {
  readonly recordings: Recording[] = []
  readonly reports: string[] = []
  readonly #waiting: (() => void)[] = []

  connected(link: SocketLink<Recording>): Recording {
    const recording: Recording = {
      link,
      text: '',
      isClosed: false,
      hasSession: false,
      hasDrained: false,
    }
    this.recordings.push(recording)
    return recording
  }

  received(recording: Recording, bytes: Uint8Array, start: number, end: number): void {
    recording.text += Buffer.from(bytes.subarray(start, end)).toString('latin1')
    this.#changed()
  }

  get first(): Recording {
    const recording = this.recordings[0]
    assert.ok(recording !== undefined, 'a connection has handed over its first bytes')
    return recording
  }

  disconnected(recording: Recording): void {
    recording.isClosed = true
    this.#changed()
  }

  drained(recording: Recording): void {
    recording.hasDrained = true
    this.#changed()
  }

  hasSession(recording: Recording): boolean {
    return recording.hasSession
  }

  answer(word: string, argument: Uint8Array): string {
    return `${word}:${argument.join(',')}`
  }

  report(_level: string, code: string): void {
    this.reports.push(code)
    this.#changed()
  }

  #changed(): void {
    for (const wake of this.#waiting.splice(0)) wake()
  }

  /** Resolves as soon as `isTrue` does hold. */
  async until(isTrue: () => boolean): Promise<void> {
    if (isTrue()) return
    await new Promise<void>((resolve) => this.#waiting.push(resolve))
    await this.until(isTrue)
  }
}

interface Recording {
  readonly link: SocketLink<Recording>
  text: string
  isClosed: boolean
  hasSession: boolean
  hasDrained: boolean
}

const unlimited: ConnectionThrottleOptions = {
  tokens: 0,
  fillTimeMs: 1,
  fillCount: 1,
  freezeTimeMs: -1,
  dropIncrease: 0,
  dropDecrease: 0,
  decreaseRatio: 0,
  weights: undefined,
}

const openPorts: ClientPort<Recording>[] = []
const openSockets: Socket[] = []

afterEach(async () => {
  for (const socket of openSockets.splice(0)) socket.destroy()
  for (const port of openPorts.splice(0)) {
    port.stopAccepting()
    await port.closeAll()
  }
})

async function open(options: Partial<ClientPortOptions> = {}) {
  const recorder = new Recorder()
  const port = new ClientPort<Recording>(
    {
      address: '127.0.0.1',
      port: 0,
      backlog: -1,
      maxByAddress: 0,
      maxTotal: 0,
      throttle: unlimited,
      keepsAlive: false,
      sessionlessTimeoutMs: 10_000,
      juteMaxBuffer: 1_048_575,
      ...options,
    },
    recorder,
  )
  openPorts.push(port)
  const bound = await port.listen()
  return { recorder, port, number: bound.port }
}

async function dial(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  openSockets.push(socket)
  await once(socket, 'connect')
  socket.setNoDelay(true)
  return socket
}

async function readAll(socket: Socket): Promise<string> {
  let text = ''
  socket.on('error', () => {})
  for await (const chunk of socket) text += (chunk as Buffer).toString('latin1')
  return text
}

const frame = '\0\0\0\x04abcd'

describe('ClientPort', () => {
  it('hands over everything from the first byte on', async () => {
    const { recorder, number } = await open()
    const socket = await dial(number)
    socket.write(`${frame}more`, 'latin1')
    await recorder.until(() => recorder.recordings[0]?.text === `${frame}more`)
  })

  it('waits for the first four bytes, however they come', async () => {
    const { recorder, port, number } = await open()
    const socket = await dial(number)
    for (const [index, letter] of Array.from(frame).entries()) {
      socket.write(letter, 'latin1')
      // The next byte goes out when this one has been read, so that they do not arrive together.
      while (port.receivedBytes <= index) await new Promise((resolve) => setImmediate(resolve))
      assert.equal(recorder.recordings.length, index < 3 ? 0 : 1)
    }
    assert.equal(recorder.recordings[0]?.text, frame)
  })

  it('keeps the bytes of connections that share a read buffer apart', async () => {
    const { recorder, number } = await open()
    const sockets = await Promise.all([dial(number), dial(number)])
    for (let round = 0; round < 20; round++) {
      for (const [index, socket] of sockets.entries())
        socket.write(index === 0 ? '\0aa' : '\0bb', 'latin1')
    }
    await recorder.until(
      () =>
        recorder.recordings.length === 2 &&
        recorder.recordings.every(({ text }) => text.length === 60),
    )
    const letters = recorder.recordings.map(({ text }) => text.replaceAll('\0', '')).toSorted()
    assert.deepEqual(letters, ['a'.repeat(40), 'b'.repeat(40)])
  })

  it('writes from the middle of a buffer and tells whether it was taken', async () => {
    const { recorder, number } = await open()
    const socket = await dial(number)
    socket.write(frame, 'latin1')
    await recorder.until(() => recorder.recordings.length === 1)
    const { link } = recorder.first
    assert.equal(link.write(Buffer.from('xxhelloxx'), 2, 7), true)
    assert.equal(link.queuedBytes, 0)
    link.close()
    assert.equal(await readAll(socket), 'hello')
    await recorder.until(() => recorder.first.isClosed)
  })

  it('says when the peer takes no more, and sends the rest before it closes', async () => {
    const { recorder, number } = await open()
    const socket = await dial(number)
    socket.pause()
    socket.write(frame, 'latin1')
    await recorder.until(() => recorder.recordings.length === 1)
    const { link } = recorder.first
    const chunk = new Uint8Array(1_048_576).fill(0x61)
    let written = 0
    while (link.write(chunk, 0, chunk.length)) written += chunk.length
    written += chunk.length
    assert.ok(link.queuedBytes > 0)
    assert.equal(recorder.first.hasDrained, false)
    link.close()
    assert.equal((await readAll(socket)).length, written)
  })

  it('tells when the peer has taken everything', async () => {
    const { recorder, number } = await open()
    const socket = await dial(number)
    socket.pause()
    socket.write(frame, 'latin1')
    await recorder.until(() => recorder.recordings.length === 1)
    const { link } = recorder.first
    const chunk = new Uint8Array(1_048_576)
    while (link.write(chunk, 0, chunk.length));
    socket.resume()
    await recorder.until(() => recorder.first.hasDrained)
    assert.equal(link.queuedBytes, 0)
  })

  it('answers words and closes, also when they come with a newline or in pieces', async () => {
    const { number } = await open()
    const whole = await dial(number)
    whole.write('ruok\n')
    assert.equal(await readAll(whole), 'ruok:')
    const pieces = await dial(number)
    pieces.write('st')
    pieces.write('mk\0\0\0\0')
    pieces.write('\0\0\x01\x02', 'latin1')
    assert.equal(await readAll(pieces), 'stmk:0,0,0,0,0,0,1,2')
  })

  it('names and closes strangers', async () => {
    const { recorder, number } = await open()
    for (const bytes of ['GET / HTTP/1.1\r\n\r\n', '\x16\x03\x01\x00\xa5', '\xff\xf4\xff\xfd']) {
      const socket = await dial(number)
      socket.write(bytes, 'latin1')
      assert.equal(await readAll(socket), '')
    }
    assert.deepEqual(recorder.reports, ['CLIENT_SPOKE_HTTP', 'CLIENT_SPOKE_TLS'])
    assert.deepEqual(recorder.recordings, [])
  })

  it('closes at once what exceeds a limit, and admits again when one has gone', async () => {
    for (const [options, key] of [
      [{ maxByAddress: 1 }, 'maxClientCnxns'],
      [{ maxTotal: 1 }, 'maxCnxns'],
    ] as const) {
      const { recorder, port, number } = await open(options)
      const first = await dial(number)
      first.write(frame, 'latin1')
      await recorder.until(() => recorder.recordings.length === 1)
      assert.equal(await readAll(await dial(number)), '', key)
      assert.equal(port.rejectedCount, 1)
      assert.deepEqual(recorder.reports, ['CLIENT_CONNECTIONS_EXCEEDED'])
      first.destroy()
      await recorder.until(() => recorder.first.isClosed)
      const next = await dial(number)
      next.write(frame, 'latin1')
      await recorder.until(() => recorder.recordings.length === 2)
    }
  })

  it('closes connections that never asked for a session', async () => {
    const { recorder, port, number } = await open({ sessionlessTimeoutMs: 1_000 })
    const silent = await dial(number)
    const established = await dial(number)
    established.write(frame, 'latin1')
    await recorder.until(() => recorder.recordings.length === 1)
    recorder.first.hasSession = true
    while (port.connectionCount < 2) await new Promise((resolve) => setImmediate(resolve))
    port.sweep(performance.now())
    assert.equal(port.sessionlessExpiredCount, 0)
    port.sweep(performance.now() + 1_001)
    assert.equal(await readAll(silent), '')
    assert.equal(port.sessionlessExpiredCount, 1)
    assert.equal(port.connectionCount, 1)
  })

  it('stops and starts reading', async () => {
    const { recorder, port, number } = await open()
    const socket = await dial(number)
    socket.write(frame, 'latin1')
    await recorder.until(() => recorder.recordings.length === 1)
    const { link } = recorder.first
    link.pause()
    assert.equal(link.isReading, false)
    socket.write('later')
    // A second connection's bytes prove that the loop has been round, and the first one's were left alone.
    const other = await dial(number)
    other.write(frame, 'latin1')
    await recorder.until(() => recorder.recordings.length === 2)
    assert.equal(recorder.first.text, frame)
    link.resume()
    await recorder.until(() => recorder.first.text === `${frame}later`)
    assert.equal(port.receivedBytes, 21)
  })

  it('says what to do when the port is taken', async () => {
    const { number } = await open()
    await assert.rejects(open({ port: number }), {
      code: 'CLIENT_PORT_UNAVAILABLE',
      exitCode: 1,
      message: /another process uses it/,
    })
  })
})
