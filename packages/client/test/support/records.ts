/** Bodies of replies. */
import {
  encode,
  getChildrenResponse,
  getDataResponse,
  pathRecord,
  type Stat,
  statResponse,
  utf8Encode,
} from '@quorate/protocol'

export const someStat: Stat = {
  czxid: 1,
  mzxid: 2,
  ctime: 3,
  mtime: 4,
  version: 5,
  cversion: 6,
  aversion: 7,
  ephemeralOwner: 0n,
  dataLength: 1,
  numChildren: 0,
  pzxid: 8,
}

export function dataBody(value: string | null): Uint8Array {
  return encode(getDataResponse, {
    data: value === null ? null : utf8Encode(value),
    stat: someStat,
  })
}

export const statBody: Uint8Array = encode(statResponse, { stat: someStat })

export function pathBody(path: string): Uint8Array {
  return encode(pathRecord, { path })
}

export function childrenBody(...children: readonly string[]): Uint8Array {
  return encode(getChildrenResponse, { children })
}
