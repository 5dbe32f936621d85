/** Looks whether a server that counts as lost is there after all: then the survivors must not go on without it. */
import { connect } from 'node:net'
import type { Member } from '@quorate/server'
import { RecoverError } from './recover-error.ts'

const answerWithinMs = 1_000

/** @throws RecoverError RECOVER_LOST_SERVER_ANSWERS */
export async function checkLost(lost: readonly Member[]): Promise<void> {
  const places = lost.flatMap(({ id, quorumAddresses, electionAddresses, clientAddress }) =>
    [...electionAddresses, ...quorumAddresses, ...(clientAddress ? [clientAddress] : [])].map(
      (address) => ({ id, ...address }),
    ),
  )
  const answers = await Promise.all(places.map(({ host, port }) => isAnswered(host, port)))
  const found = places.find((_, index) => answers[index])
  if (found === undefined) return
  throw new RecoverError(
    'RECOVER_LOST_SERVER_ANSWERS',
    `server ${found.id} counts as lost, but ${found.host}:${found.port} answers; stop it, and name it as a survivor if its disk is there`,
  )
}

function isAnswered(host: string, port: number): Promise<boolean> {
  // For clients, and a server line may leave it out: this machine would answer for another one.
  if (host === '0.0.0.0' || host === '::') return Promise.resolve(false)
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: answerWithinMs })
    const end = (isThere: boolean) => () => {
      socket.destroy()
      resolve(isThere)
    }
    socket.on('connect', end(true)).on('error', end(false)).on('timeout', end(false))
  })
}
