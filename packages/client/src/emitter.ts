/** Listeners by event name, typed by the events' values. */
export class Emitter<Events extends object> {
  readonly #listenersByEvent = new Map<keyof Events, Set<(value: never) => void>>()

  /** Returns the function that takes the listener away again. */
  on<E extends keyof Events>(event: E, listener: (value: Events[E]) => void): () => void {
    let listeners = this.#listenersByEvent.get(event)
    if (listeners === undefined) this.#listenersByEvent.set(event, (listeners = new Set()))
    listeners.add(listener)
    return () => listeners.delete(listener)
  }

  emit<E extends keyof Events>(event: E, value: Events[E]): void {
    for (const listener of this.#listenersByEvent.get(event) ?? [])
      defer(() => (listener as (value: Events[E]) => void)(value))
  }
}

/**
 * Runs `job` behind the continuations of all promises settled so far: replies and events reach the caller in the order
 * of the wire. A job that throws becomes an unhandled rejection, and never breaks the session that told it.
 */
export function defer(job: () => void): void {
  void Promise.resolve().then(job)
}
