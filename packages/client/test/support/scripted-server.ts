/** A server of a few lines: what it answers is said by op code. */
import assert from 'node:assert/strict'
import type { FakeWorld, Reply, SeenRequest } from './fake-world.ts'

export type Answers = Readonly<Record<number, (request: SeenRequest) => Reply>>

/** Answers on the present link until nothing more is asked. */
export async function serve(world: FakeWorld, answers: Answers): Promise<void> {
  for (;;) {
    await world.settle()
    const requests = world.lastLink.requests()
    if (requests.length === 0) return
    for (const request of requests) {
      const answer = answers[request.type]
      assert.ok(answer !== undefined, `nothing answers op code ${request.type}`)
      world.lastLink.reply(request.xid, answer(request))
    }
  }
}

/** The next connection is made and takes the session. */
export async function reconnected(world: FakeWorld): Promise<void> {
  world.lastLink.break()
  await world.advance(1000)
  world.lastLink.accept()
}
