import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { purePlatform, utf8Encode } from '@quorate/protocol'
import { type CodecsByPath, PathCodecs } from '../src/codecs-by-path.ts'

function codecs(choice: CodecsByPath): PathCodecs {
  return new PathCodecs(choice, purePlatform)
}

/** A codec that reads every value as its own name. */
function named(name: string): { encode(): null; decode(): string } {
  return { encode: () => null, decode: () => name }
}

const choice = codecs({
  paths: {
    '/': named('root'),
    '/config/db': named('name'),
    '/config/*': named('one'),
    '/config/**': named('below'),
    '/*/state': named('any state'),
    '/deep/*/a/**': named('below a'),
  },
  otherwise: 'json',
})

function read(path: string): unknown {
  return choice.decode(path, utf8Encode('"otherwise"'))
}

describe('codecs by path', () => {
  it('are those of the most exact pattern that fits', () => {
    assert.deepEqual(
      ['/', '/config/db', '/config/x', '/config/x/y', '/jobs/state', '/config/state'].map(read),
      ['root', 'name', 'one', 'below', 'any state', 'one'],
    )
    assert.deepEqual(
      ['/config', '/jobs/state/x', '/deep/1/a', '/deep/1/a/b/c', '/deep/1/b'].map(read),
      ['otherwise', 'otherwise', 'otherwise', 'below a', 'otherwise'],
    )
  })

  it('write strings where no pattern fits and nothing else was said', () => {
    const plain = codecs({ paths: { '/a': 'json' } })
    assert.deepEqual(plain.encode('/a', 'x'), utf8Encode('"x"'))
    assert.deepEqual(plain.encode('/b', 'x'), utf8Encode('x'))
  })

  it('are overruled by the codec of a call', () => {
    assert.deepEqual(choice.encode('/config/db', 'x', 'utf8'), utf8Encode('x'))
    assert.equal(choice.decode('/config/db', utf8Encode('x'), 'utf8'), 'x')
    assert.throws(() => choice.decode('/a', null, 'nonsense' as never), { code: 'BadArguments' })
  })

  it('refuse patterns that no path can fit', () => {
    for (const pattern of ['config/*', '', '/a//b', '/a/**/b', '/a/'])
      assert.throws(() => codecs({ paths: { [pattern]: 'json' } }), {
        code: 'BadArguments',
        message: new RegExp(`^BadArguments: "${pattern.replaceAll('*', String.raw`\*`)}" is no`),
      })
  })
})
