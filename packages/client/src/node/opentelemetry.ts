/** A bridge from the client's diagnostics channels to OpenTelemetry, whose API the application hands in. */
import { tracingChannel } from 'node:diagnostics_channel'
import { callChannelName, type CallMessage } from './diagnostics-tracer.ts'

/** The part of `@opentelemetry/api` that is used. */
export interface OpenTelemetryApi {
  readonly trace: {
    getTracer(name: string): {
      startSpan(
        name: string,
        options: { readonly kind: number; readonly attributes: Record<string, string | number> },
      ): OpenTelemetrySpan
    }
  }
}

export interface OpenTelemetrySpan {
  setAttribute(name: string, value: string): unknown
  recordException(error: Error): void
  setStatus(status: { readonly code: number; readonly message?: string }): unknown
  end(): void
}

const spanKindClient = 2
const statusError = 2

/**
 * Makes a span of each call of every client in this process, below the span that is active where the call is made.
 *
 *     import * as api from '@opentelemetry/api'
 *     const stop = traceCalls(api)
 *
 * @returns the function that stops it
 */
export function traceCalls(api: OpenTelemetryApi): () => void {
  const tracer = api.trace.getTracer('@quorate/client')
  const spans = new WeakMap<CallMessage, OpenTelemetrySpan>()
  const subscriber = {
    start(call: CallMessage) {
      const attributes = attributesOf(call)
      spans.set(
        call,
        tracer.startSpan(`zookeeper ${call.op}`, { kind: spanKindClient, attributes }),
      )
    },
    asyncEnd(call: CallMessage) {
      const span = spans.get(call)
      if (span === undefined) return
      if (call.error !== undefined) {
        span.setAttribute('error.type', call.error.code)
        span.recordException(call.error)
        span.setStatus({ code: statusError, message: call.error.message })
      }
      span.end()
    },
  }
  const calls = tracingChannel<unknown, CallMessage>(callChannelName)
  calls.subscribe(subscriber as Parameters<typeof calls.subscribe>[0])
  return () => {
    calls.unsubscribe(subscriber as Parameters<typeof calls.unsubscribe>[0])
  }
}

/** By the names of OpenTelemetry's conventions for databases. */
function attributesOf({ op, path, server }: CallMessage): Record<string, string | number> {
  return {
    'db.system.name': 'zookeeper',
    'db.operation.name': op,
    ...(path === undefined ? {} : { 'zookeeper.path': path }),
    ...(server === undefined ? {} : { 'server.address': server.host, 'server.port': server.port }),
  }
}
