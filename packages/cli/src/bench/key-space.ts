/**
 * The nodes a load runs on, by number: `/bench-<value size>/d0012/n345`. A thousand share a parent, and all paths are
 * equally long, so a request is encoded once and only its digits are patched.
 */
import {
  createRequest,
  ErrorCode,
  getDataResponse,
  OpCode,
  openAcl,
  pathVersionRequest,
  pathWatchRequest,
  setDataRequest,
} from '@quorate/protocol'
import { runPipeline, type RequestSource } from './pipeline.ts'
import { type Address, encodeRequest, RawSession } from './raw-session.ts'

const keysPerParent = 1_000
/** Behind length, xid, type and the path's length. */
const pathAt = 16
const zero = 0x30

export class KeySpace {
  readonly root: string
  readonly keyCount: number
  readonly valueSize: number

  constructor(keyCount: number, valueSize: number, root = `/bench-${valueSize}`) {
    this.root = root
    this.keyCount = keyCount
    this.valueSize = valueSize
  }

  get parentCount(): number {
    return Math.ceil(this.keyCount / keysPerParent)
  }

  parentPath(parent: number): string {
    return `${this.root}/d${String(parent).padStart(4, '0')}`
  }

  path(key: number): string {
    const digits = String(key % keysPerParent).padStart(3, '0')
    return `${this.parentPath(Math.floor(key / keysPerParent))}/n${digits}`
  }

  readTemplate(): KeyedRequest {
    return new KeyedRequest(
      this,
      encodeRequest(OpCode.getData, pathWatchRequest, { path: this.path(0), watch: false }),
    )
  }

  watchTemplate(): KeyedRequest {
    return new KeyedRequest(
      this,
      encodeRequest(OpCode.getData, pathWatchRequest, { path: this.path(0), watch: true }),
    )
  }

  writeTemplate(): KeyedRequest {
    const data = value(this.valueSize)
    return new KeyedRequest(
      this,
      encodeRequest(OpCode.setData, setDataRequest, { path: this.path(0), data, version: -1 }),
    )
  }

  createTemplate(): KeyedRequest {
    return new KeyedRequest(this, encodeCreate(this.path(0), value(this.valueSize)))
  }

  deleteTemplate(): KeyedRequest {
    return new KeyedRequest(
      this,
      encodeRequest(OpCode.delete, pathVersionRequest, { path: this.path(0), version: -1 }),
    )
  }
}

/** A request on any key of a key space. */
export class KeyedRequest {
  readonly #bytes: Uint8Array
  readonly #digitsAt: number

  constructor(keys: KeySpace, bytes: Uint8Array) {
    this.#bytes = bytes
    this.#digitsAt = pathAt + keys.root.length + '/d'.length
  }

  get length(): number {
    return this.#bytes.length
  }

  /** Writes the request for `key` and returns its end. */
  write(target: Uint8Array, at: number, key: number): number {
    target.set(this.#bytes, at)
    const parent = Math.floor(key / keysPerParent)
    const digitsAt = at + this.#digitsAt
    writeDigits(target, digitsAt, parent, 4)
    writeDigits(target, digitsAt + '0000/n'.length, key % keysPerParent, 3)
    return at + this.#bytes.length
  }
}

/** Every key once, in order; several pipelines may draw from one. */
export class EachKey implements RequestSource {
  readonly #request: KeyedRequest
  readonly #end: number
  #next: number

  constructor(request: KeyedRequest, start: number, end: number) {
    this.#request = request
    this.#next = start
    this.#end = end
  }

  get lengthMax(): number {
    return this.#request.length
  }

  writeNext(target: Uint8Array, at: number): number {
    return this.#next < this.#end ? this.#request.write(target, at, this.#next++) : -1
  }
}

/** Makes the root and the parents; those that exist already stay. */
export async function makeParents(session: RawSession, keys: KeySpace): Promise<void> {
  await session.call(encodeCreate(keys.root, null), ErrorCode.NodeExists)
  for (let parent = 0; parent < keys.parentCount; parent++) {
    await session.call(encodeCreate(keys.parentPath(parent), null), ErrorCode.NodeExists)
  }
}

/** Makes sure that every key exists with a value of the right size. */
export async function ensureKeys(address: Address, keys: KeySpace): Promise<void> {
  const session = await RawSession.open(address)
  const last = keys.path(keys.keyCount - 1)
  const request = encodeRequest(OpCode.getData, pathWatchRequest, { path: last, watch: false })
  const reply = await session.call(request, ErrorCode.NoNode)
  const length = reply === undefined ? -1 : (getDataResponse.decode(reply).data?.length ?? 0)
  if (length !== keys.valueSize) {
    await makeParents(session, keys)
    await runPipeline({
      session,
      depth: 128,
      source: new EachKey(keys.createTemplate(), 0, keys.keyCount),
      harmlessError: ErrorCode.NodeExists,
      replied: () => {},
    })
  }
  await session.close()
}

function encodeCreate(path: string, data: Uint8Array | null): Uint8Array {
  return encodeRequest(OpCode.create, createRequest, { path, data, acl: openAcl, flags: 0 })
}

/** Bytes that do not compress to nothing. */
function value(size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => (i * 167 + (i >> 3)) & 0xff)
}

function writeDigits(target: Uint8Array, at: number, number: number, count: number): void {
  let rest = number
  for (let i = count - 1; i >= 0; i--) {
    target[at + i] = zero + (rest % 10)
    rest = Math.floor(rest / 10)
  }
}
