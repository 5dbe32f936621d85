import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { ConfigError } from '../../src/config/config-problem.ts'
import { parseZooCfg } from '../../src/config/zoo-cfg.ts'
import {
  type ClientPortEdit,
  editZooCfg,
  type ZooCfgEdit,
} from '../../src/membership-store/zoo-cfg-edit.ts'

const dynamicFile = '/c/zoo.cfg.dynamic.5'
const kept: ClientPortEdit = { isErased: false, restored: undefined }
const erased: ClientPortEdit = { isErased: true, restored: undefined }
const keepingPorts: ZooCfgEdit = { dynamicFile, client: kept, secureClient: kept }

function restored(host: string, text = 'a=1\n'): string {
  const client = { isErased: false, restored: { host, port: 2281 } }
  return editZooCfg(text, { ...keepingPorts, client })
}

/** What a file means. A line that is a backslash and nothing else has an empty key, which means nothing. */
function pairs(text: string): readonly (readonly [string, string])[] {
  return parseZooCfg(text, 'zoo.cfg')
    .filter(({ key }) => key !== '')
    .map(({ key, value }) => [key, value])
}

describe('editZooCfg', () => {
  it('moves the membership out, and leaves all other lines as they are', () => {
    const text = [
      '# the ensemble',
      'tickTime = 2000',
      'server.1=a:1:2',
      '',
      'server.2=b:1:2\\',
      '  :observer',
      'group.1=1',
      'weight.1=1',
      'peerType=observer',
      'dynamicConfigFile=/old',
      'clientPort=2181',
      '! last',
      '',
    ].join('\n')
    assert.equal(
      editZooCfg(text, keepingPorts),
      `# the ensemble\ntickTime = 2000\n\nclientPort=2181\n! last\ndynamicConfigFile=${dynamicFile}\n`,
    )
  })

  it('takes out the client port that the membership says, and not the backlog', () => {
    const text =
      'clientPort=1\nclientPortAddress=a\nclientPortListenBacklog=9\nsecureClientPort=2\n'
    assert.equal(
      editZooCfg(text, { ...keepingPorts, client: erased }),
      `clientPortListenBacklog=9\nsecureClientPort=2\ndynamicConfigFile=${dynamicFile}\n`,
    )
    assert.equal(
      editZooCfg(text, { dynamicFile, client: erased, secureClient: erased }),
      `clientPortListenBacklog=9\ndynamicConfigFile=${dynamicFile}\n`,
    )
  })

  it('gives zoo.cfg its client port back when the membership no longer has it', () => {
    const last = `dynamicConfigFile=${dynamicFile}\n`
    assert.equal(restored('0.0.0.0'), `a=1\nclientPort=2281\n${last}`)
    assert.equal(restored('h'), `a=1\nclientPort=2281\nclientPortAddress=h\n${last}`)
    assert.equal(restored('h', 'clientPort=1\n'), `clientPort=1\n${last}`)
  })

  it('keeps line ends, a byte order mark, and bytes of another encoding', () => {
    const text = '\u00ef\u00bb\u00bfserver.1=a:1:2\r\n# gr\u00f6\u00dfe\r\ntickTime=1'
    assert.equal(
      editZooCfg(text, keepingPorts),
      `\u00ef\u00bb\u00bf# gr\u00f6\u00dfe\r\ntickTime=1\ndynamicConfigFile=${dynamicFile}\n`,
    )
  })

  it('does not continue a last line into the new one', () => {
    assert.deepEqual(pairs(editZooCfg('a=1\\', keepingPorts)), [
      ['a', '1'],
      ['dynamicConfigFile', dynamicFile],
    ])
  })

  it('writes any path so that it is read again', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (name) => {
        const path = `/${name}/zoo.cfg.dynamic.1`
        const edited = editZooCfg('', { ...keepingPorts, dynamicFile: path })
        assert.match(edited, /^[\x20-\x7e]+\n$/)
        assert.deepEqual(pairs(edited), [['dynamicConfigFile', path]])
      }),
    )
  })

  it('changes nothing else in the meaning of any file, and edits its own outcome to the same', () => {
    const unit = fc.constantFrom(...'a=: \\\n\r\t#!1u'.split(''))
    const line = fc.oneof(
      fc.string({ unit, maxLength: 12 }),
      fc.constantFrom(
        'server.1=',
        'group.1 ',
        'weight.1:',
        'peerType=',
        'clientPort=',
        'x\\',
        '\n',
      ),
    )
    const texts = fc.array(line).map((lines) => lines.join(''))
    fc.assert(
      fc.property(texts, fc.boolean(), (text, erasesClientPort) => {
        const edit = { ...keepingPorts, client: erasesClientPort ? erased : kept }
        const before = parsed(text)
        if (before === undefined) return
        const edited = editZooCfg(text, edit)
        const rest = before.filter(([key]) => !isMoved(key, erasesClientPort))
        assert.deepEqual(pairs(edited), [...rest, ['dynamicConfigFile', dynamicFile]])
        assert.equal(editZooCfg(edited, edit), edited)
      }),
      { numRuns: 1_000 },
    )
  })
})

function parsed(text: string) {
  try {
    return pairs(text)
  } catch (error) {
    assert.ok(error instanceof ConfigError)
    return undefined
  }
}

function isMoved(key: string, erasesClientPort: boolean): boolean {
  return (
    ['server.1', 'group.1', 'weight.1', 'peerType'].some((moved) => key === moved) ||
    (erasesClientPort && key === 'clientPort') ||
    /^(server|group|weight)\./.test(key)
  )
}
