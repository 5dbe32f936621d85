/** Node's answers to what the client asks of the world: TCP, the monotonic clock, timers and native text. */
import { connect } from 'node:net'
import { purePlatform, type Platform } from '@quorate/protocol'
import { socketLink } from './socket-link.ts'
import { diagnosticsTracer } from './diagnostics-tracer.ts'
import type { Clock, Link, LinkListener, ServerAddress, Transport, World } from '../world.ts'

/** Resolves the host at each dial and tries its addresses one after the other, as node:net does. */
export const tcpTransport: Transport = {
  dial(address: ServerAddress, listener: LinkListener): Link {
    const socket = connect({ host: address.host, port: address.port, noDelay: true })
    return socketLink(socket, 'connect', listener)
  },
}

/** A longer timer would fire at once. */
const timerMsMax = 0x7fff_ffff

export const nodeClock: Clock = {
  nowMs: () => performance.now(),
  wakeAfter(delayMs, wake) {
    const timer = setTimeout(wake, Math.min(Math.ceil(delayMs), timerMsMax))
    return { cancel: () => clearTimeout(timer) }
  },
  // Immediates run after the sockets of this turn were read.
  afterTurn: (run) => void setImmediate(run),
}

export const nodePlatform: Platform = {
  ...purePlatform,
  utf8Decode: (bytes, start, end) =>
    Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8', start, end),
  utf8Encode: (text) => Buffer.from(text, 'utf8'),
}

export const nodeWorld: World = {
  transport: tcpTransport,
  clock: nodeClock,
  random: { next: () => Math.random() },
  platform: nodePlatform,
  tracer: diagnosticsTracer,
}
