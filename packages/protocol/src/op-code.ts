/** Request and transaction types (ZooDefs.OpCode). Negative ones are transactions that no client may ask for, but closeSession. */
export const OpCode = {
  notification: 0,
  create: 1,
  delete: 2,
  exists: 3,
  getData: 4,
  setData: 5,
  getACL: 6,
  setACL: 7,
  getChildren: 8,
  sync: 9,
  ping: 11,
  getChildren2: 12,
  check: 13,
  multi: 14,
  create2: 15,
  reconfig: 16,
  checkWatches: 17,
  removeWatches: 18,
  createContainer: 19,
  deleteContainer: 20,
  createTTL: 21,
  multiRead: 22,
  auth: 100,
  setWatches: 101,
  sasl: 102,
  getEphemerals: 103,
  getAllChildrenNumber: 104,
  setWatches2: 105,
  addWatch: 106,
  whoAmI: 107,
  /**
   * An extension, only for clients that announced it: a read that is linearizable. Body: int type of the read, then the record of that
   * read's request; answered as the read is.
   */
  linearizableRead: 600,
  /**
   * An extension, only for clients that announced it: what became of writes whose answers were lost, of the session that asks or of one
   * that is over. It is answered when none of them, nor any other that the session sent before, can be carried out any more.
   */
  outcomes: 601,
  error: -1,
  createSession: -10,
  closeSession: -11,
} as const

export type OpCode = (typeof OpCode)[keyof typeof OpCode]
export type OpName = keyof typeof OpCode

const namesByCode = new Map<number, OpName>(
  Object.entries(OpCode).map(([name, code]) => [code, name as OpName]),
)

export function opName(code: number): OpName | undefined {
  return namesByCode.get(code)
}

/** Xids with a meaning of their own. */
export const Xid = { notification: -1, ping: -2, auth: -4, setWatches: -8 } as const
