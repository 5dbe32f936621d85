/** kill -9 at any moment: what was acknowledged is there afterwards, once; what was not is there once or not at all. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { serversUnderTest } from '../harness/servers-under-test.ts'
import { Random } from '../differential/random.ts'
import { AcknowledgedWriter } from './acknowledged-writer.ts'

const roundCount = 30
const writerCount = 4
const seed = 1

for (const underTest of serversUnderTest)
  test(
    `${underTest.name} keeps its promises over ${roundCount} crashes`,
    { timeout: 240_000 },
    async () => {
      const random = new Random(seed)
      // A small count, so that crashes fall into snapshots too.
      const server = await underTest.start({ configuration: ['snapCount=200'] })
      try {
        const writers = Array.from(
          { length: writerCount },
          (_, i) => new AcknowledgedWriter(`/w${i}`),
        )
        for (const writer of writers) await writer.prepare(server.port)
        for (let round = 0; round < roundCount; round++) {
          const crashTime = Promise.withResolvers<void>()
          let writesLeft = 1 + random.below(300)
          const silentWriters = new Set(writers)
          const writing = writers.map((writer) =>
            writer.writeUntilClosed(server.port, () => {
              silentWriters.delete(writer)
              if (--writesLeft <= 0 && silentWriters.size === 0) crashTime.resolve()
            }),
          )
          await Promise.race([crashTime.promise, ...writing])
          await server.kill()
          await Promise.all(writing)
          await server.restart()
          for (const writer of writers) await writer.verify(server.port)
        }
        assert.ok(writers.every(({ acknowledgedCount }) => acknowledgedCount > 0))
      } finally {
        await server.dispose()
      }
    },
  )
