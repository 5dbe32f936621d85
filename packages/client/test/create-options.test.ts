import assert from 'node:assert/strict'
import { it } from 'node:test'
import { CreateMode, openAcl } from '@quorate/protocol'
import { createFlags, type CreateOptions } from '../src/create-options.ts'

const modes: readonly (readonly [CreateOptions, CreateMode])[] = [
  [{}, CreateMode.persistent],
  [{ ephemeral: true }, CreateMode.ephemeral],
  [{ sequential: true }, CreateMode.persistentSequential],
  [{ ephemeral: true, sequential: true }, CreateMode.ephemeralSequential],
  [{ container: true }, CreateMode.container],
  [{ ttl: 1 }, CreateMode.persistentWithTtl],
  [{ ttl: 1, sequential: true }, CreateMode.persistentSequentialWithTtl],
]

for (const [options, mode] of modes) {
  it(`makes mode ${mode} of ${JSON.stringify(options)}`, () => {
    assert.deepEqual(createFlags('/a', options), { mode, ttl: options.ttl ?? 0, acl: openAcl })
  })
}

const impossible: readonly CreateOptions[] = [
  { container: true, ephemeral: true },
  { container: true, sequential: true },
  { ttl: 1, ephemeral: true },
  { ttl: 1, container: true },
  { ttl: 0 },
  { ttl: 1.5 },
  { ttl: 2 ** 40 },
]

for (const options of impossible) {
  it(`refuses ${JSON.stringify(options)}`, () => {
    assert.throws(() => createFlags('/a', options), {
      code: 'BadArguments',
      path: '/a',
      op: 'create',
    })
  })
}
