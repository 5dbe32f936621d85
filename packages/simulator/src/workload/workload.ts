/** What clients do in a run: a stream of operations that depends on the seed and on the answers so far. */
import type { Answer, Operation } from '../client/operation.ts'

/** One object is shared by all clients of a run. */
export interface Workload {
  /** The next thing that this client asks for; undefined: nothing at the moment. */
  next(client: string): Operation | undefined
  answered(operation: Operation, err: number, answer: Answer): void
}
