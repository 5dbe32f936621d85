import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseZooCfg } from '../../src/config/zoo-cfg.ts'

function pairs(text: string): readonly string[] {
  return parseZooCfg(text, 'zoo.cfg').map(({ key, value, line }) => `${line}|${key}|${value}`)
}

describe('parseZooCfg', () => {
  it('accepts "=", ":" and spaces between key and value', () => {
    assert.deepEqual(pairs('a=1\nb: 2\nc 3\nd = 4\ne\t:\t5\nf=\ng'), [
      '1|a|1',
      '2|b|2',
      '3|c|3',
      '4|d|4',
      '5|e|5',
      '6|f|',
      '7|g|',
    ])
  })

  it('keeps separators within the value', () => {
    assert.deepEqual(pairs('server.1=h:2888:3888;2181\nx = = y'), [
      '1|server.1|h:2888:3888;2181',
      '2|x|= y',
    ])
  })

  it('skips comments and empty lines but counts them', () => {
    assert.deepEqual(pairs('# one\n\n  ! two\n  tickTime=2000  \n'), ['4|tickTime|2000'])
  })

  it('joins lines that end in an odd number of backslashes', () => {
    assert.deepEqual(pairs('a=1,\\\n   2,\\\n   3\nb=c\\\\\nd=e'), [
      '1|a|1,2,3',
      '4|b|c\\',
      '5|d|e',
    ])
  })

  it('does not take a comment for one within a continued line', () => {
    assert.deepEqual(pairs('a=1\\\n#2'), ['1|a|1#2'])
  })

  it('resolves escapes in keys and values', () => {
    assert.deepEqual(pairs('a\\=b\\ c=x\\ty\\u00e9\\:z'), ['1|a=b c|x\tyé:z'])
    assert.deepEqual(pairs('path=C:\\\\data'), ['1|path|C:\\data'])
  })

  it('reads Windows and old Mac line ends and a byte order mark', () => {
    assert.deepEqual(pairs('\ufeffa=1\r\nb=2\rc=3'), ['1|a|1', '2|b|2', '3|c|3'])
  })

  it('names file and line of a malformed unicode escape', () => {
    assert.throws(() => parseZooCfg('a=1\nb=\\u12g4', 'zoo.cfg'), {
      code: 'CONFIG_UNREADABLE',
      message: /^zoo\.cfg line 2: /,
    })
  })
})
