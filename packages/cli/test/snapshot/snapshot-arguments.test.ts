import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseSnapshotArguments } from '../../src/snapshot/snapshot-arguments.ts'

test('a summary takes the path behind it, if there is one', () => {
  const cases: readonly [string[], string, string[]][] = [
    [['f', '--summary'], '/', ['f']],
    [['--summary', 'f'], '/', ['f']],
    [['f', 'g', '--summary', '/a/b'], '/a/b', ['f', 'g']],
    [['f', '--summary=/a'], '/a', ['f']],
    [['--summary', '--depth', '0', '/data/f'], '/', ['/data/f']],
  ]
  for (const [args, path, files] of cases) {
    const parsed = parseSnapshotArguments(args)
    assert.deepEqual([parsed.action, parsed.summary.path], ['summarise', path], args.join(' '))
    assert.deepEqual(parsed.files, files, args.join(' '))
  }
  assert.equal(parseSnapshotArguments(['f', '--summary']).summary.depthMax, 1)
})

test('without an action the nodes are printed', () => {
  const { action, wantsData, wantsJson } = parseSnapshotArguments(['f', '--data', '--json'])
  assert.deepEqual([action, wantsData, wantsJson], ['list', true, true])
  assert.equal(parseSnapshotArguments(['f', '--verify']).action, 'verify')
  assert.equal(parseSnapshotArguments(['-h']).action, 'help')
})

test('arguments that say nothing clear are refused', () => {
  const wrong: readonly [string[], RegExp][] = [
    [['--summary', '/data/snapshot.0'], /no file/],
    [['f', '--summary', '--verify'], /together/],
    [['f', '--depth', '1'], /--summary/],
    [['f', '--summary', '--depth', 'all'], /--depth all/],
    [['f', '--summary=/a/'], /--summary=\/a\//],
    [['f', '--verify', '--data'], /--data/],
  ]
  for (const [args, expected] of wrong) assert.throws(() => parseSnapshotArguments(args), expected)
})
