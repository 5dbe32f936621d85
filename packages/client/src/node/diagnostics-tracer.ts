/**
 * Tells node:diagnostics_channel what the client does.
 *
 * - `tracing:quorate.client.call:start` and `:end` around the making of a call, `:asyncStart` and `:asyncEnd` when it is
 *   settled, and `:error` before these when it failed: the channels of `tracingChannel('quorate.client.call')`. The message is one
 *   object for the whole call, a {@link CallMessage}.
 * - `quorate.client.connection`: a TracedConnection for each dial, connection and loss.
 * - `quorate.client.state`: a TracedState for each state of a session.
 */
import { channel, tracingChannel } from 'node:diagnostics_channel'
import type { TracedCall, Tracer } from '../tracer.ts'
import type { ZooKeeperError } from '../zookeeper-error.ts'

export interface CallMessage extends TracedCall {
  error?: ZooKeeperError
}

export const callChannelName = 'quorate.client.call'
export const connectionChannelName = 'quorate.client.connection'
export const stateChannelName = 'quorate.client.state'

const { start, end, asyncStart, asyncEnd, error } = tracingChannel<unknown, CallMessage>(
  callChannelName,
)
const connections = channel(connectionChannelName)
const states = channel(stateChannelName)

export const diagnosticsTracer: Tracer = {
  get isActive() {
    return start.hasSubscribers || asyncEnd.hasSubscribers || error.hasSubscribers
  },

  callStarted(call) {
    const message: CallMessage = { ...call }
    // The stores that are bound to the start hold for what runs inside: nothing does, the answer comes later.
    start.runStores(message, () => {})
    end.publish(message)
    return (failure) => {
      if (failure !== undefined) {
        message.error = failure
        error.publish(message)
      }
      asyncStart.publish(message)
      asyncEnd.publish(message)
    }
  },

  connectionChanged(change) {
    connections.publish(change)
  },

  stateChanged(change) {
    states.publish(change)
  },
}
