import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseEnsembleArguments } from '../../src/ensemble/ensemble-options.ts'

describe('arguments of quorate ensemble', () => {
  it('leaves open what was not asked for', () => {
    const none = { size: undefined, observers: undefined, clientPort: undefined }
    assert.deepEqual(parseEnsembleArguments([]), { folder: 'quorate-data', ...none })
  })

  it('takes the last of several sizes, so that npm start -- --size wins over the script', () => {
    assert.equal(parseEnsembleArguments(['--size', '3', '--size', '1']).size, 1)
  })

  it('refuses numbers out of bounds and options that it does not know', () => {
    for (const [args, message] of [
      [['--size', '0'], /found --size 0; expected a whole number from 1 to 9/],
      [['--size', 'three'], /found --size three/],
      [['--observers', '10'], /found --observers 10; expected a whole number from 0 to 9/],
      [['--client-port', '70000'], /found --client-port 70000/],
      [['--port', '1'], /--port/],
    ] as const)
      assert.throws(() => parseEnsembleArguments(args), message)
  })
})
