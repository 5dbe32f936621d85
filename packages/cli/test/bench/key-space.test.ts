import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  createRequest,
  JuteReader,
  OpCode,
  openAcl,
  pathWatchRequest,
  readInt32,
  setDataRequest,
} from '@quorate/protocol'
import { EachKey, type KeyedRequest, KeySpace } from '../../src/bench/key-space.ts'

const keys = new KeySpace(1_234_567, 300)

/** A reader behind length, xid and type of the request for `key`, after checking them. */
function bodyOf(request: KeyedRequest, key: number, type: number): JuteReader {
  const target = new Uint8Array(request.length + 5)
  const end = request.write(target, 5, key)
  assert.equal(end, target.length)
  assert.equal(readInt32(target, 5), request.length - 4)
  assert.equal(readInt32(target, 5 + 8), type)
  return new JuteReader(target, 5 + 12, end)
}

test('a template carries the path of any key', () => {
  for (const key of [0, 7, 999, 1_000, 54_321, 1_234_566]) {
    const path = keys.path(key)
    const read = pathWatchRequest.decode(bodyOf(keys.readTemplate(), key, OpCode.getData))
    assert.deepEqual(read, { path, watch: false })
    const write = setDataRequest.decode(bodyOf(keys.writeTemplate(), key, OpCode.setData))
    assert.equal(write.path, path)
    assert.equal(write.data?.length, 300)
    const create = createRequest.decode(bodyOf(keys.createTemplate(), key, OpCode.create))
    assert.equal(create.path, path)
    assert.deepEqual(create.acl, openAcl)
  }
})

test('a thousand keys share a parent', () => {
  assert.equal(keys.path(1_999), '/bench-300/d0001/n999')
  assert.equal(keys.parentCount, 1_235)
})

test('each key is drawn once', () => {
  const source = new EachKey(keys.readTemplate(), 10, 12)
  const target = new Uint8Array(source.lengthMax)
  const ends = [1, 2, 3].map(() => source.writeNext(target, 0))
  assert.deepEqual(ends, [source.lengthMax, source.lengthMax, -1])
})
