import type { Observation } from '../history/observation.ts'
import { usPerMs } from '../world.ts'
import { CalledClient } from './called-client.ts'
import type { Checker } from './checker.ts'

/** Between two looks at what is waited for. */
const lookPauseUs = 500 * usPerMs

/**
 * The client library keeps what it promises its caller, as seen from its socket.
 *
 * 1. Every call returns: with what its reply says, in the event in which the reply came; else by its deadline, when
 *    its caller gives it up, or when the session is lost. In the end none is left open.
 * 2. What a server says of a write whose reply was lost with its connection counts as the reply; what it says was never applied is sent
 *    again, and nothing else is sent twice. While the session lives a write is in doubt only when as many servers as there are say that they do not know.
 *    What was sent and not answered is `applied: 'unknown'`. When the session is lost the client asks all the same, for two timeouts.
 * 3. Every watch event on the wire is told once to each listener that waits for it, and in the order of events and replies.
 * 4. What is told of the session is so: connected and disconnected when the wire says it, and expired when a server said it or
 *    nothing was heard for 4/3 of the timeout; then it is told before long.
 * 5. No server is dialled twice in a row when there are others, and each new connection is told of all watches first.
 */
export class ClientPromises implements Checker {
  readonly name = 'client-promises'
  readonly reads: Checker['reads'] = [
    'clientOpened',
    'clientEnded',
    'dialled',
    'called',
    'returned',
    'changeTold',
    'stateTold',
    'connected',
    'refused',
    'disconnected',
    'invoked',
    'replied',
    'notified',
    'ended',
  ]
  readonly #clients = new Map<string, CalledClient>()
  #lookAtUs = 0

  observe(observation: Observation, atUs: number): string | undefined {
    const waiting = this.#waiting(atUs)
    if (waiting !== undefined) return waiting
    if (observation.type === 'ended') return this.#open()
    if (!('client' in observation)) return undefined
    if (observation.type === 'clientOpened') {
      const open = this.#open(observation.client)
      this.#clients.set(observation.client, new CalledClient(observation, atUs))
      return open
    }
    if (observation.type === 'clientEnded') this.#clients.delete(observation.client)
    const client = this.#clients.get(observation.client)
    return client === undefined ? undefined : observeClient(client, observation, atUs)
  }

  /** What should have been told by now. */
  #waiting(atUs: number): string | undefined {
    const isLook = atUs >= this.#lookAtUs
    if (isLook) this.#lookAtUs = atUs + lookPauseUs
    for (const client of this.#clients.values()) {
      const problem = client.late(atUs) ?? (isLook ? client.overdue(atUs) : undefined)
      if (problem !== undefined) return problem
    }
    return undefined
  }

  #open(name?: string): string | undefined {
    for (const [client, { hasOpenCalls }] of this.#clients)
      if (hasOpenCalls && (name === undefined || name === client))
        return `${client} has calls that never return`
    return undefined
  }
}

function observeClient(
  client: CalledClient,
  observation: Extract<Observation, { readonly client: string }>,
  atUs: number,
): string | undefined {
  switch (observation.type) {
    case 'dialled':
      return client.dialled(observation.server, atUs)
    case 'called':
      client.called(observation, atUs)
      return undefined
    case 'returned':
      return client.returned(observation, atUs)
    case 'changeTold':
      return client.changeTold(observation)
    case 'stateTold':
      return client.stateTold(observation, atUs)
    case 'invoked':
      return client.invoked(observation)
    default:
      observeWire(client, observation, atUs)
      return undefined
  }
}

function observeWire(
  client: CalledClient,
  observation: Extract<Observation, { readonly client: string }>,
  atUs: number,
): void {
  if (observation.type === 'connected') client.connected(observation, atUs)
  else if (observation.type === 'refused') client.refused(atUs)
  else if (observation.type === 'disconnected') client.disconnected(atUs)
  else if (observation.type === 'replied') client.replied(observation, atUs)
  else if (observation.type === 'notified') client.notified(observation, atUs)
}
