/** Asks a server by the word `srvr` whether it serves, and in which mode. */
import { connect } from 'node:net'
import { loopback } from './port-choice.ts'

const answerTimeoutMs = 1_000

/** Longer than any answer to `srvr`: whoever sends more is something else. */
const answerLengthMax = 4_096

/** @returns `leader`, `follower`, `observer` or `standalone`; undefined while nothing serves on that port */
export function memberMode(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    let answer = ''
    const socket = connect({ host: loopback, port, timeout: answerTimeoutMs })
    socket.setEncoding('latin1')
    socket.once('connect', () => socket.write('srvr'))
    socket.on('data', (chunk: string) => {
      answer += chunk
      if (answer.length > answerLengthMax) socket.destroy()
    })
    socket.once('timeout', () => socket.destroy())
    // 'close' follows.
    socket.once('error', () => {})
    socket.once('close', () => resolve(/^Mode: (\w+)$/m.exec(answer)?.[1]))
  })
}
