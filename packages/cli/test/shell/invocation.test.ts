import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseInvocation } from '../../src/shell/invocation.ts'

const names = { flags: ['s', 'w', 'e'], values: ['v', 'add'] }

describe('options', () => {
  it('stand anywhere, joined or not', () => {
    const invocation = parseInvocation(['-sw', '/a', '-v', '5', 'data', '-e'], names)
    assert.deepEqual(invocation.arguments, ['/a', 'data'])
    assert.ok(['s', 'w', 'e', 'v'].every((option) => invocation.has(option)))
    assert.equal(invocation.integer('v', { kind: 'int' }), 5)
  })

  it('take their value joined, after = or as the next word', () => {
    for (const words of [['-v7'], ['-v=7'], ['-v', '7'], ['--v', '7']])
      assert.equal(parseInvocation(words, names).value('v'), '7')
    assert.equal(parseInvocation(['-add', 'server.1=a:1:2'], names).value('add'), 'server.1=a:1:2')
  })

  it('end at --, and are no lone dash and no negative number', () => {
    const invocation = parseInvocation(['-v', '-1', '-', '-5', '--', '-s'], names)
    assert.equal(invocation.integer('v', { kind: 'int' }), -1)
    assert.deepEqual(invocation.arguments, ['-', '-5', '-s'])
    assert.equal(invocation.has('s'), false)
  })

  it('are refused when unknown, or without their value', () => {
    assert.throws(() => parseInvocation(['-z'], names), { message: 'Unrecognized option: -z' })
    assert.throws(() => parseInvocation(['-sz'], names), { message: 'Unrecognized option: -sz' })
    assert.throws(() => parseInvocation(['-v'], names), {
      message: 'Missing argument for option: v',
    })
    assert.throws(() => parseInvocation(['-v', '-s'], names), /Missing argument/)
  })
})

describe('numbers', () => {
  for (const text of ['x', '', '1.5', '2147483648', '1e3']) {
    it(`are not ${JSON.stringify(text)}`, () => {
      const invocation = parseInvocation(['-v', text], names)
      assert.throws(() => invocation.integer('v', { kind: 'int' }), {
        message: '-v argument must be an int value',
      })
    })
  }

  it('may be long', () => {
    const invocation = parseInvocation(['-v', '2147483648'], names)
    assert.equal(invocation.integer('v', { kind: 'long' }), 2_147_483_648)
    assert.equal(parseInvocation([], names).integer('v', { kind: 'int' }), undefined)
  })
})
