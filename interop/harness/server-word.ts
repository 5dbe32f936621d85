/** Four-letter words: one connection, one word, one answer. */
import { connect } from 'node:net'

const answerTimeoutMs = 2_000

/** @returns the whole answer; empty when nothing answers */
export function askWord(port: number, word: string, host = '127.0.0.1'): Promise<string> {
  return new Promise((resolve) => {
    let answer = ''
    const socket = connect({ host, port })
    // A stopped process accepts and never answers.
    const timer = setTimeout(() => socket.destroy(), answerTimeoutMs)
    socket.setEncoding('latin1')
    socket.once('connect', () => socket.write(word))
    socket.on('data', (chunk: string) => (answer += chunk))
    socket.once('error', () => {})
    socket.once('close', () => {
      clearTimeout(timer)
      resolve(answer)
    })
  })
}

export type Mode = 'leader' | 'follower' | 'observer' | 'read-only' | 'standalone'

export interface ServerState {
  readonly mode: Mode
  /** Of the last transaction that was applied. */
  readonly zxid: bigint
  readonly nodeCount: number
}

/** What `srvr` says; undefined while the server does not serve. */
export async function serverState(port: number, host?: string): Promise<ServerState | undefined> {
  const answer = await askWord(port, 'srvr', host)
  const mode = /^Mode: ([\w-]+)/m.exec(answer)?.[1] as Mode | undefined
  const zxid = /^Zxid: (0x[0-9a-f]+)$/m.exec(answer)?.[1]
  const nodeCount = /^Node count: (\d+)$/m.exec(answer)?.[1]
  if (mode === undefined || zxid === undefined || nodeCount === undefined) return undefined
  return { mode, zxid: BigInt(zxid), nodeCount: Number(nodeCount) }
}

/** The figures of `mntr`, as text, without the prefix `zk_`. */
export async function serverFigures(port: number): Promise<ReadonlyMap<string, string>> {
  const figures = new Map<string, string>()
  for (const [, name, value] of (await askWord(port, 'mntr')).matchAll(/^zk_(\S+)\t(.*)$/gm))
    figures.set(name!, value!)
  return figures
}
