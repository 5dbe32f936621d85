import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { greetingOf } from '../../src/client-port/first-bytes.ts'
import { fourLetterWords } from '../../src/four-letter-words/word.ts'

function greet(text: string, juteMaxBuffer = 1_048_575) {
  return greetingOf(Buffer.from(text, 'latin1').readInt32BE(0), juteMaxBuffer)
}

describe('greetingOf', () => {
  it('takes small lengths for frames', () => {
    assert.equal(greet('\0\0\0\x2d').kind, 'frames')
    assert.equal(greet('\0\x0f\xff\xff').kind, 'frames')
  })

  it('knows every four-letter word', () => {
    for (const word of fourLetterWords) assert.deepEqual(greet(word), { kind: 'word', word })
  })

  it('recognises HTTP, TLS and the end of a telnet session', () => {
    assert.match(JSON.stringify(greet('GET ')), /CLIENT_SPOKE_HTTP/)
    assert.match(JSON.stringify(greet('POST')), /CLIENT_SPOKE_HTTP/)
    assert.match(JSON.stringify(greet('\x16\x03\x01\x02')), /CLIENT_SPOKE_TLS/)
    assert.equal(greet('\xff\xf4\xff\xfd').kind, 'telnetClose')
  })

  it('leaves everything else to the frame reader, which closes on bad lengths', () => {
    assert.equal(greet('bogu').kind, 'frames')
    assert.equal(greet('\xff\xff\xff\xff').kind, 'frames')
  })

  it('takes what looks like TLS for a frame when frames may be that long', () => {
    assert.equal(greet('\x16\x03\x01\x02', 1_000_000_000).kind, 'frames')
  })
})
